"""The pytest plugin, as a downstream project's test run sees it."""

from __future__ import annotations

import textwrap

import pytest

from mimo_credits import load_card

pytest_plugins = ["pytester"]

MAY = load_card("2026-05-27.1")


@pytest.fixture
def run(pytester):
    """Runs pytest in a folder of its own over one test file, as another project would; `alone` in its own process."""

    def run_pytest(test, *arguments, ini="", alone=False):
        pytester.makeini(f"[pytest]\n{ini}\n")
        pytester.makepyfile(test_it=textwrap.dedent(test))
        start = pytester.runpytest_subprocess if alone else pytester.runpytest_inprocess
        return start("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", *arguments)

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


def test_the_fixture_without_a_pin_fails_and_says_how_to_pin(run):
    done = run(SHOWS_THE_CARD)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert "no rate card is pinned: run with --rate-card VERSION" in done.stdout.str()


def test_it_costs_a_foreign_run_nothing_and_says_nothing(run):
    test = """
        import sys

        def test_nothing_of_the_library_is_loaded():
            assert "_mimo_credits_pytestplugin" in sys.modules
            assert "mimo_credits" not in sys.modules
            assert "pydantic" not in sys.modules
    """
    done = run(test, "-p", "no:hypothesispytest", alone=True)
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
    """Lines that run at import count as covered only if the library was not imported before coverage began."""
    pytester.makepyfile(test_it=textwrap.dedent(SHOWS_THE_CARD))
    done = pytester.runpytest_subprocess(
        "--rate-card", "2026-05-27.1", "-n", "1", "--cov=mimo_credits.frozen", "--cov-report=term"
    )
    assert done.ret == 0
    frozen = next(line for line in done.stdout.lines if "frozen.py" in line)
    statements, missed = map(int, frozen.split()[1:3])
    assert missed < statements / 2, frozen
