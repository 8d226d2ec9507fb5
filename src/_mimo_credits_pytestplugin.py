"""A pytest plugin that pins a rate card, so that a test of billing never depends on today's prices.

Say which card once, by `--rate-card 2026-05-27.1`, by the ini option `mimo_credits_rate_card`, or for one test by
`@pytest.mark.rate_card("2026-05-27.1")`; a digest may follow: `2026-05-27.1@sha256:…`. The fixtures `rate_card` and
`rate_book` (that card alone, at every instant) give it to the test; the run's header names it. The nearest one wins:
marker, then option, then ini. A withdrawn card can be pinned: one warning for the run, or for the test that is marked.

It does nothing until configured, and imports nothing of the library until then: a foreign test run pays for a few
function definitions, and coverage of the library is not lost. What the fixtures give are plain frozen values, so a pin
holds in threads and coroutines alike.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from mimo_credits import RateBook, RateCard, Withdrawal

_INI = "mimo_credits_rate_card"
_CATEGORY = "mimo_credits.WithdrawnCard"
_WRONG_MARKER = pytest.StashKey[str]()


class _Pin(NamedTuple):
    """A card as pinned, and that it was withdrawn."""

    card: RateCard
    withdrawal: Withdrawal | None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option and the ini setting."""
    group = parser.getgroup("mimo_credits")
    group.addoption("--rate-card", metavar="VERSION", help="the rate card that the rate_card fixture gives")
    parser.addini(_INI, "the rate card that the rate_card fixture gives: 2026-05-27.1, or 2026-05-27.1@sha256:…")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, refuses a pin of the whole run that cannot be kept, and warns of one that was withdrawn."""
    config.addinivalue_line("markers", "rate_card(version): the rate card that this test's rate_card fixture gives")
    pin = _pin_of_the_run(config)
    if pin is not None and pin.withdrawal is not None and not _is_worker(config):
        _warn(config, pin.withdrawal)


def pytest_report_header(config: pytest.Config) -> str | None:
    """The pin of the run, if there is one."""
    pin = _pin_of_the_run(config)
    if pin is None:
        return None
    withdrawn = f", withdrawn, its successor is {pin.withdrawal.successor}" if pin.withdrawal else ""
    return f"rate card: {pin.card.id} (sha256 {pin.card.sha256[:12]}){withdrawn}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuses a marker that cannot be kept before any test runs; a worker of xdist has to leave that to the test."""
    for item in items:
        try:
            _pin_of_marker(item)
        except pytest.UsageError as error:
            if not _is_worker(config):
                raise
            item.stash[_WRONG_MARKER] = str(error)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fails the test whose marker cannot be kept."""
    wrong = item.stash.get(_WRONG_MARKER, None)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)


@pytest.fixture
def rate_card(request: pytest.FixtureRequest) -> RateCard:
    """The pinned rate card."""
    marked = _pin_of_marker(request.node)
    if marked is not None and marked.withdrawal is not None:
        request.node.warn(_warning(marked.withdrawal))
    pin = marked or _pin_of_the_run(request.config)
    if pin is None:
        pytest.fail(
            f"no rate card is pinned: run with --rate-card VERSION, set {_INI} in the ini file, "
            'or mark the test with @pytest.mark.rate_card("VERSION")',
            pytrace=False,
        )
    return pin.card


@pytest.fixture
def rate_book(rate_card: RateCard) -> RateBook:
    """A book in which the pinned card alone rules, at every instant."""
    from mimo_credits import RateBook

    return RateBook.fixed(rate_card)


def _pin_of_the_run(config: pytest.Config) -> _Pin | None:
    option = config.getoption("--rate-card")
    if option is not None:
        return _load(option.strip(), "--rate-card")
    ini = str(config.getini(_INI) or "").strip()
    return _load(ini, _INI) if ini else None


def _pin_of_marker(item: pytest.Item) -> _Pin | None:
    marker = item.get_closest_marker("rate_card")
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.rate_card("VERSION"), with the version as one text')
    return _load(marker.args[0], item.nodeid)


def _load(pin: str, where: str) -> _Pin:
    """The card of a pin. Its warning is caught: who is to see it, and how often, is said elsewhere."""
    from mimo_credits import MimoCreditsError, load_card, withdrawal
    from mimo_credits.catalog import split_pin

    if not pin:
        raise pytest.UsageError(f"{where}: no version is given")
    try:
        version, digest = split_pin(pin)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Pin(load_card(version, sha256=digest), withdrawal(version))
    except MimoCreditsError as error:
        raise pytest.UsageError(f"{where}: {error}") from None


def _warn(config: pytest.Config, withdrawn: Withdrawal) -> None:
    """Warns of the run's pin; where warnings are errors, the run stops there and says how to go on."""
    try:
        config.issue_config_time_warning(_warning(withdrawn), stacklevel=2)
    except UserWarning as error:
        raise pytest.UsageError(f"{error} To pin it all the same: filterwarnings = ignore::{_CATEGORY}") from None


def _warning(withdrawn: Withdrawal) -> UserWarning:
    from mimo_credits import WithdrawnCard

    return WithdrawnCard(str(withdrawn))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
