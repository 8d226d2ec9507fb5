"""What `docs/litellm.md` shows is the sample that the proxy's tests run, and its snippets run, too."""

from __future__ import annotations

import re
import runpy
import sys

import litellm
import pytest

from mimo_credits import Usage
from mimo_credits.litellm import logger as logger_module
from tests.litellm.proxy import ROOT, SAMPLE

pytestmark = [pytest.mark.beyond_core, pytest.mark.filterwarnings("default")]  # LiteLLM warns of itself

PAGE = (ROOT / "docs" / "litellm.md").read_text("utf-8")
BLOCKS = {kind: re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for kind in ("py", "yaml")}
PINNED = 'RateBook.fixed(load_card("2026-10-21.1"))'


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """A folder with the sample in it, as a program started there sees it."""
    for file in SAMPLE.glob("*.py"):
        text = file.read_text("utf-8").replace("import load_book", "import RateBook, load_card")
        (tmp_path / file.name).write_text(text.replace("load_book()", PINNED), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    if "shared_plan" in sys.modules:
        sys.modules.pop("shared_plan").engine.dispose()
    sys.modules.pop("plans", None)


def test_the_files_shown_are_those_of_the_sample():
    (config,) = BLOCKS["yaml"]
    assert config in (SAMPLE / "config.yaml").read_text("utf-8")
    assert BLOCKS["py"][0] in (SAMPLE / "shared_plan.py").read_text("utf-8")
    assert len(BLOCKS["py"]) == 4


def test_a_wider_margin_holds_more():
    names = {}
    exec(BLOCKS["py"][1], names)
    request = {"model": "openai/mimo-v2.6-pro", "messages": [{"role": "user", "content": "Hello"}]}
    usual, wider = names["at_most"](request), names["generous"](request)
    assert wider.input_tokens == 2 * usual.input_tokens + 100
    assert wider.output_tokens == 131_072


def test_a_program_of_your_own_is_charged(capsys):
    callbacks = (
        "callbacks",
        "success_callback",
        "failure_callback",
        "_async_success_callback",
        "_async_failure_callback",
    )
    before = {name: list(getattr(litellm, name)) for name in (*callbacks, "input_callback")}
    code = (
        BLOCKS["py"][2].replace("Subscribe, load_book", "RateBook, Subscribe, load_card").replace("load_book()", PINNED)
    )
    try:
        exec(code, {})
    finally:
        for name, value in before.items():
            setattr(litellm, name, value)
    assert re.fullmatch(r"[\d,.]+ credits\n", capsys.readouterr().out)


def test_what_could_not_be_written_is_applied_from_its_file(at_home, capsys):
    import plans
    from shared_plan import logger

    plans.buy("reds", "lite")
    meter = logger._meter
    request = {"model": "openai/mimo-v2.6-pro", "messages": [], "max_tokens": 10}
    meter._account_of = lambda _: "reds"
    reservation = meter.reserve(request)
    books, meter._books = meter._books, None  # a store that is no more
    meter.charge(reservation, {"usage": {"prompt_tokens": 1_000, "completion_tokens": 50}})
    meter._books = books
    names = {}
    for _ in range(2):
        exec(BLOCKS["py"][3], names)
    with names["engine"].connect() as connection:
        charged = [
            entry
            for entry in names["open_ledger"](connection, names["book"]).entries("reds")
            if hasattr(entry, "usage")
        ]
    assert [entry.usage for entry in charged] == [Usage("mimo-v2.6-pro", input_tokens=1_000, output_tokens=50)]
    plans.show("reds")
    assert "problems: []" in capsys.readouterr().out


def test_without_litellm_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(ImportError, match=r"needs LiteLLM: pip install 'mimo_credits\[litellm\]'"):
        runpy.run_path(logger_module.__file__)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required"),
        (["sell"], "invalid choice"),
        (["buy", "reds"], "the following arguments are required: tier"),
        (["show", "reds"], "the database is not migrated"),
        (["buy", "reds", "huge"], "huge"),
        (["buy", "reds", "lite"], None),
        (["buy", "reds", "lite"], "plan of reds"),
    ],
)
def test_the_samples_command_says_its_mistakes_in_a_line(at_home, capsys, arguments, said):
    import plans

    if said == "plan of reds":
        plans.buy("reds", "standard")
    if said is None:
        plans.main(arguments)
        return
    with pytest.raises(SystemExit) as ended:
        plans.main(arguments)
    complained = capsys.readouterr().err
    assert (ended.value.code, said in complained) == (2, True), complained
    assert complained.splitlines()[-1].startswith("plans.py")
