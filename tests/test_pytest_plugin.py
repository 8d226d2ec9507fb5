"""The pytest plugin, as a downstream project's test run sees it."""

from __future__ import annotations

import re
import textwrap

import pytest

from mimo_credits import load_card

pytest_plugins = ["pytester"]

MAY = load_card("2026-05-27.1")


@pytest.fixture
def run(pytester):
    """Runs pytest in a folder of its own over one test file, as another project would.

    In this process; `alone` in one of its own; with `workers` in so many of xdist.
    """

    def run_pytest(test, *arguments, ini="", alone=False, workers=0):
        pytester.makeini(f"[pytest]\n{ini}\n")
        pytester.makepyfile(test_it=textwrap.dedent(test))
        start = pytester.runpytest_subprocess if alone or workers else pytester.runpytest_inprocess
        xdist = ["-n", str(workers)] if workers else ["-p", "no:xdist"]
        return start("-p", "no:cacheprovider", "-p", "no:cov", *xdist, *arguments)

    return run_pytest


SHOWS_THE_CARD = """
    def test_it(rate_card, rate_book):
        assert rate_card.id == "2026-05-27.1"
        assert list(rate_book) == [rate_card]
"""


@pytest.mark.parametrize(
    ("arguments", "ini"),
    [
        (["--rate-card", "2026-05-27.1"], ""),
        (["--rate-card", "2026-05-27"], ""),
        (["--rate-card", f"2026-05-27.1@sha256:{MAY.sha256}"], ""),
        ([], "mimo_credits_rate_card = 2026-05-27.1"),
        (["--rate-card", "2026-05-27.1"], "mimo_credits_rate_card = 2026-04-22.1"),
    ],
)
def test_option_and_ini_pin_the_card_and_the_header_names_it(run, arguments, ini):
    done = run(SHOWS_THE_CARD, *arguments, ini=ini)
    assert done.ret == 0
    assert f"rate card: 2026-05-27.1 (sha256 {MAY.sha256[:12]})" in done.stdout.str()


def test_a_marker_wins_over_the_option(run):
    test = """
        import pytest

        @pytest.mark.rate_card("2026-04-22.1")
        def test_marked(rate_card):
            assert rate_card.id == "2026-04-22.1"

        def test_not_marked(rate_card):
            assert rate_card.id == "2026-05-27.1"
    """
    assert run(test, "--rate-card", "2026-05-27.1").ret == 0


@pytest.mark.parametrize(
    ("test", "arguments"),
    [
        (SHOWS_THE_CARD, ["--rate-card", "2026-05-72.1"]),
        ('import pytest\n@pytest.mark.rate_card("2026-05-72.1")\ndef test_it(): pass', []),
    ],
)
def test_an_unknown_version_is_a_usage_error_that_names_the_nearest(run, test, arguments):
    done = run(test, *arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is no rate card '2026-05-72.1'. Nearest known: 2026-05-27.1" in done.stderr.str()


def test_a_wrong_digest_is_a_usage_error_that_shows_both(run):
    wrong = "0" * 64
    done = run(SHOWS_THE_CARD, "--rate-card", f"2026-05-27.1@sha256:{wrong}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert wrong in done.stderr.str()
    assert MAY.sha256 in done.stderr.str()


@pytest.mark.parametrize("mark", ["rate_card", "rate_card()", "rate_card(20260527)", 'rate_card("a", "b")'])
def test_a_marker_without_one_version_is_a_usage_error(run, mark):
    done = run(f"import pytest\n@pytest.mark.{mark}\ndef test_it(): pass")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "write @pytest.mark.rate_card" in done.stderr.str()


EMPTY = ["--rate-card=", "--rate-card=  ", "--rate-card=2026-05-27.1@sha256:"]
"""What is left of a pin where a variable of the CI is not set."""


@pytest.mark.parametrize("option", EMPTY)
def test_an_empty_pin_is_a_usage_error_and_no_other_takes_its_place(run, option):
    done = run(SHOWS_THE_CARD, option, ini="mimo_credits_rate_card = 2026-05-27.1")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    said = "sha256: the digest after @sha256: is empty" if "@" in option else "no version is given"
    assert f"--rate-card: {said}" in done.stderr.str()


WRONG_MARKS = [
    ('"2026-05-72.1"', "there is no rate card '2026-05-72.1'. Nearest known: 2026-05-27.1"),
    (f'"2026-05-27.1@sha256:{"0" * 64}"', f"is pinned to sha256 {'0' * 64}"),
    ('"2026-05-27.1@sha256:"', "the digest after @sha256: is empty"),
    ('"2026-05-27.1@sha256:947d"', "needs 64 hexadecimal digits"),
    ('""', "no version is given"),
    ('"docs/card.toml"', "looks like a file"),
    ("5", "write @pytest.mark.rate_card"),
]


@pytest.mark.parametrize(("argument", "said"), WRONG_MARKS)
def test_a_wrong_marker_is_named_with_its_test(run, argument, said):
    done = run(f"import pytest\n@pytest.mark.rate_card({argument})\ndef test_it(): pass")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in done.errlines if line]
    assert line.startswith("ERROR: test_it.py::test_it: ")
    assert said in line


def test_under_xdist_a_wrong_marker_fails_its_test_alone(run):
    tests = "\n".join(
        f"@pytest.mark.rate_card({argument})\ndef test_{number}(): pass"
        for number, (argument, _) in enumerate(WRONG_MARKS)
    )
    done = run(f"import pytest\n{tests}\ndef test_good(): pass", "-rE", workers=2)
    done.assert_outcomes(errors=len(WRONG_MARKS), passed=1)
    shown = done.stdout.str()
    assert "INTERNALERROR" not in shown
    for number, (_, said) in enumerate(WRONG_MARKS):
        assert f"ERROR test_it.py::test_{number} - Failed: test_it.py::test_{number}: " in shown
        assert said in shown


PRESS = "2026-04-03.1"
PINNED_TO_PRESS = [
    (["--rate-card", PRESS], "", ""),
    ([], f"mimo_credits_rate_card = {PRESS}", ""),
    ([], "", f'@pytest.mark.rate_card("{PRESS}")'),
]
USES_PRESS = """
    import pytest

    {mark}
    def test_it(rate_card, rate_book):
        assert rate_card.id == "2026-04-03.1"
"""


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("arguments", "ini", "mark"), PINNED_TO_PRESS)
def test_a_withdrawn_card_can_be_pinned_with_one_warning(run, arguments, ini, mark, workers):
    done = run(USES_PRESS.format(mark=mark), *arguments, ini=ini, alone=True, workers=workers)
    done.assert_outcomes(passed=1, warnings=1)
    assert "WithdrawnCard: rate card 2026-04-03.1 was withdrawn" in done.stdout.str()
    if not mark:
        assert "), withdrawn, its successor is 2026-04-03.2" in done.stdout.str()


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("arguments", "ini", "mark"), PINNED_TO_PRESS)
def test_where_warnings_are_errors_a_withdrawn_pin_is_a_clear_one(run, arguments, ini, mark, workers):
    strict = f"filterwarnings = error\n{ini}"
    done = run(USES_PRESS.format(mark=mark), *arguments, ini=strict, workers=workers)
    text = done.stdout.str() + done.stderr.str()
    assert "INTERNALERROR" not in text
    assert "was withdrawn" in text
    if mark:
        done.assert_outcomes(errors=1)
    else:
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        assert "filterwarnings = ignore::mimo_credits.WithdrawnCard" in text


@pytest.mark.parametrize(("arguments", "ini", "mark"), PINNED_TO_PRESS)
def test_a_withdrawn_pin_that_is_meant_can_be_silenced(run, arguments, ini, mark):
    strict = f"filterwarnings =\n    error\n    ignore::mimo_credits.WithdrawnCard\n{ini}"
    done = run(USES_PRESS.format(mark=mark), *arguments, ini=strict)
    done.assert_outcomes(passed=1, warnings=0)


def test_the_fixture_without_a_pin_fails_and_says_how_to_pin(run):
    done = run(SHOWS_THE_CARD)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert "no rate card is pinned: run with --rate-card VERSION" in done.stdout.str()


def test_the_names_of_the_plugin_are_public(run):
    """`docs/stability.md` promises them: one that is gone or called otherwise breaks those who use it."""
    shown = run("", "--help").stdout.str()
    assert re.findall(r"(--[\w-]+).*\n? .*the rate card that the rate_card fixture gives", shown) == ["--rate-card"]
    assert re.findall(r"(mimo_credits\w+) \((\w+)\)", shown) == [("mimo_credits_rate_card", "string")]
    assert re.findall(r"@pytest.mark.(\w*rate\w*\(.*\)):", run("", "--markers").stdout.str()) == ["rate_card(version)"]
    fixtures = run("", "--fixtures").stdout.str()
    ours = re.findall(r"^(\w+) -- .*_mimo_credits_pytestplugin", fixtures, re.MULTILINE)
    assert sorted(ours) == ["rate_book", "rate_card"]


def test_it_costs_a_foreign_run_nothing_and_says_nothing(run):
    test = """
        import sys

        def test_nothing_of_the_library_is_loaded():
            assert "_mimo_credits_pytestplugin" in sys.modules
            assert "mimo_credits" not in sys.modules
            assert "pydantic" not in sys.modules
    """
    done = run(test, "-p", "no:hypothesispytest", "-p", "no:schemathesis", alone=True)
    assert done.ret == 0
    assert "rate card" not in done.stdout.str()


def test_a_pin_holds_in_threads_and_coroutines(run):
    test = """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        from mimo_credits import Usage, charge

        USAGE = Usage("mimo-v2.5-pro", output_tokens=1)

        def test_threads(rate_card):
            with ThreadPoolExecutor() as pool:
                assert set(pool.map(lambda _: charge(rate_card, USAGE), range(8))) == {600_000}

        def test_coroutines(rate_card):
            async def one():
                await asyncio.sleep(0)
                return charge(rate_card, USAGE)

            async def all_of_them():
                return await asyncio.gather(*(one() for _ in range(8)))

            assert set(asyncio.run(all_of_them())) == {600_000}
    """
    done = run(test, "--rate-card", "2026-05-27.1")
    assert done.ret == 0


def test_it_works_under_xdist_with_coverage(pytester):
    """Lines that run at import count as covered only if the library was not imported before coverage began.

    Schemathesis imports Hypothesis as pytest starts, and Hypothesis whatever registers strategies.
    """
    pytester.makepyfile(test_it=textwrap.dedent(SHOWS_THE_CARD))
    done = pytester.runpytest_subprocess(
        *("--rate-card", "2026-05-27.1", "-n", "1", "-p", "no:schemathesis"),
        *("--cov=mimo_credits.frozen", "--cov-report=term"),
    )
    assert done.ret == 0
    frozen = next(line for line in done.stdout.lines if "frozen.py" in line)
    statements, missed = map(int, frozen.split()[1:3])
    assert missed < statements / 2, frozen
