"""A pytest plugin that pins a rate card, so that a test of billing never depends on today's prices.

Say which card once, by `--rate-card 2026-05-27.1`, by the ini option `mimo_credits_rate_card`, or for one test by
`@pytest.mark.rate_card("2026-05-27.1")`; a digest may follow: `2026-05-27.1@sha256:…`. The fixtures `rate_card` and
`rate_book` (that card alone, at every instant) give it to the test; the run's header names it. The nearest one wins:
marker, then option, then ini.

It does nothing until configured, and imports nothing of the library until then: a foreign test run pays for a few
function definitions, and coverage of the library is not lost. What the fixtures give are plain frozen values, so a pin
holds in threads and coroutines alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mimo_credits import RateBook, RateCard

_INI = "mimo_credits_rate_card"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option and the ini setting."""
    group = parser.getgroup("mimo_credits")
    group.addoption("--rate-card", metavar="VERSION", help="the rate card that the rate_card fixture gives")
    parser.addini(_INI, "the rate card that the rate_card fixture gives: 2026-05-27.1, or 2026-05-27.1@sha256:…")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, and refuses a pin of the whole run that cannot be kept."""
    config.addinivalue_line("markers", "rate_card(version): the rate card that this test's rate_card fixture gives")
    pin = _pin_of_the_run(config)
    if pin:
        _load(pin)


def pytest_report_header(config: pytest.Config) -> str | None:
    """The pin of the run, if there is one."""
    pin = _pin_of_the_run(config)
    if not pin:
        return None
    card = _load(pin)
    return f"rate card: {card.id} (sha256 {card.sha256[:12]})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses a marker that cannot be kept before any test runs."""
    for item in items:
        marker = item.get_closest_marker("rate_card")
        if marker is not None:
            _load(_pin_of_marker(marker))


@pytest.fixture
def rate_card(request: pytest.FixtureRequest) -> RateCard:
    """The pinned rate card."""
    marker = request.node.get_closest_marker("rate_card")
    pin = _pin_of_marker(marker) if marker is not None else _pin_of_the_run(request.config)
    if not pin:
        pytest.fail(
            f"no rate card is pinned: run with --rate-card VERSION, set {_INI} in the ini file, "
            'or mark the test with @pytest.mark.rate_card("VERSION")',
            pytrace=False,
        )
    return _load(pin)


@pytest.fixture
def rate_book(rate_card: RateCard) -> RateBook:
    """A book in which the pinned card alone rules, at every instant."""
    from mimo_credits import RateBook

    return RateBook.fixed(rate_card)


def _pin_of_the_run(config: pytest.Config) -> str:
    return str(config.getoption("--rate-card") or config.getini(_INI) or "").strip()


def _pin_of_marker(marker: pytest.Mark) -> str:
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        raise pytest.UsageError('write @pytest.mark.rate_card("VERSION"), with the version as one text')
    return marker.args[0]


def _load(pin: str) -> RateCard:
    from mimo_credits import MimoCreditsError, load_card

    version, _, digest = pin.partition("@sha256:")
    try:
        return load_card(version, sha256=digest or None)
    except MimoCreditsError as error:
        raise pytest.UsageError(str(error)) from None
