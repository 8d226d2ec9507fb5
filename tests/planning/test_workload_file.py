"""Files of named workloads: read whole, or refused with all that is wrong."""

from __future__ import annotations

import pickle

import pytest

from mimo_credits import Call, InputError, Step, Usage, WorkloadsError, load_card, load_workloads
from mimo_credits.planning.workload_file import read_workloads

FILE = """
[sources]
paper = { title = "A paper", date = "2026" }
shop  = { title = "A shop", date = "2025" }

[workloads.poster]
estimate = "L paper, shop"
tokens   = 250
assumes  = "Half and half."

[[workloads.poster.steps]]
name          = "draw"
model         = "new"
instead       = ["old"]
input_tokens  = 100
cached_tokens = 40
output_tokens = 25
audio_seconds = 3
web_searches  = 2
count         = 2
calls         = [
    { card = "openai/2023-11-06.1", model = "dall-e-3", images = 3 },
    { card = "openai/2023-11-06", model = "gpt-4-turbo", input_tokens = 9, cached_tokens = 8 },
]
"""


CALL = "workloads.poster.steps[0].calls[0]"


def problems_of(text: str) -> list[str]:
    with pytest.raises(WorkloadsError) as caught:
        read_workloads(text.encode(), "f.toml", load_card)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_says_all_that_a_workload_is():
    work = read_workloads(FILE.encode(), "f.toml", load_card)["poster"]
    shop = load_card("openai/2023-11-06")
    calls = (
        Call(shop, Usage("dall-e-3", images=3)),
        Call(shop, Usage("gpt-4-turbo", input_tokens=9, cached_tokens=8)),
    )
    usage = Usage("new", input_tokens=100, cached_tokens=40, output_tokens=25, audio_seconds=3, web_searches=2)
    assert work.steps == (Step("draw", usage, 2, instead=("old",), calls=calls),)
    assert (work.name, work.assumes) == ("poster", "Half and half.")
    assert work.estimate == "A paper (2026); A shop (2025) [L]"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("tokens   = 250", "tokens   = 251", "workloads.poster.tokens: are 251, but its steps have 250"),
        ("L paper, shop", "L paper, press", "workloads.poster.estimate: 'press' is not in [sources]"),
        (
            "openai/2023-11-06.1",
            "openai/2023-11-06.2",
            f"{CALL}.card: there is no rate card 'openai/2023-11-06.2'. Nearest",
        ),
        ("dall-e-3", "dall-e-4", f"{CALL}: rate card 2023-11-06.1 knows no model 'dall-e-4'. Nearest known: dall-e-3."),
        (
            "images = 3",
            "output_tokens = 3",
            f"{CALL}: rate card 2023-11-06.1 has no rate for output of 'dall-e-3' in USD.",
        ),
        ("cached_tokens = 8", "cached_tokens = 10", "workloads.poster.steps[0].calls[1].cached_tokens: 10 exceeds"),
        ("images = 3", "image = 3", f"{CALL}.image: is not a key that files of workloads know"),
        (
            "cached_tokens = 40",
            "cached_tokens = 101",
            "workloads.poster.steps[0].cached_tokens: exceed the 100 input tokens they are part of",
        ),
        ("images = 3", "images = true", f"{CALL}.images: needs a whole number"),
        ('assumes  = "Half and half."', "", "workloads.poster.assumes: is missing"),
        ("assumes ", "surely", "workloads.poster.surely: is not a key that files of workloads know"),
        ("count         = 2", "count = 2.0", "workloads.poster.steps[0].count: needs a whole number"),
        (
            'estimate = "L paper',
            'estimate = "sure paper',
            "workloads.poster.estimate: needs how sure it is (H, M-H, M, L or assumed)",
        ),
        ("[workloads.poster]", "[workloads.poster", "line 6: "),
    ],
)
def test_each_mistake_is_named_by_its_place(old, new, problem):
    assert old in FILE
    found = problems_of(FILE.replace(old, new))
    assert any(each.startswith(problem) for each in found), found


def test_all_problems_come_at_once():
    broken = (
        FILE.replace("L paper", "L press").replace("tokens   = 250", "tokens   = 1").replace("dall-e-3", "dall-e-4")
    )
    assert len(problems_of(broken)) == 3


def test_a_workload_needs_steps():
    text = FILE[: FILE.index("[[")] + "steps = []\n"
    assert any("workloads.poster.steps" in each for each in problems_of(text))


def test_the_error_says_which_file_and_crosses_processes():
    with pytest.raises(WorkloadsError) as caught:
        read_workloads(b"\xff", "odd.toml", load_card)
    assert str(caught.value) == "workloads odd.toml have 1 problem:\n  line 1: is not UTF-8 text"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.file, again.problems) == ("odd.toml", caught.value.problems)


def test_a_file_of_ones_own_is_read_from_a_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(FILE, "utf-8")
    assert list(load_workloads(path=path)) == ["poster"]
    path.write_text("[", "utf-8")
    with pytest.raises(WorkloadsError, match=r"mine\.toml"):
        load_workloads(path=str(path))
    with pytest.raises(InputError, match="cannot be read"):
        load_workloads(path=tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"^path: needs a text or a Path, not 5$"):
        load_workloads(path=5)


def test_the_published_ones_are_read_once():
    assert load_workloads() is load_workloads()
