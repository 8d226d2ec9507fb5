"""What a picture shows is what the values say: the numbers are read back from what was drawn.

An account that has one of everything is drawn, and each number is compared with the account, the statement or a sum
that is made here from the entries.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from matplotlib.cbook import is_math_text
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from matplotlib.text import Text

from mimo_credits import (
    Account,
    CardRef,
    ChangeTier,
    Grant,
    Hold,
    InputError,
    MonthOfUse,
    Posting,
    RateBook,
    RateCard,
    Rated,
    Record,
    Step,
    Subscribe,
    Usage,
    Workload,
    cache_lever,
    compare_tiers,
    compare_use,
    fold,
    load_book,
    load_card,
    load_workloads,
    statement,
    timeline,
)
from mimo_credits.frozen import FrozenMap
from mimo_credits.plots import burn_down, canvas, cost_by_hit_rate, tier_comparison, use_by_model_and_day
from mimo_credits.plots.canvas import Picture, listed, short
from tests.made_cards import TEXT

BOOK = load_book()
MAY = load_card("2026-05-27")
SESSION = load_workloads()["coding-session"]
BEIJING = timezone(timedelta(hours=8))


def april(day, hour=0):
    return datetime(2026, 4, day, hour, tzinfo=UTC)


def may(day, hour=0):
    return datetime(2026, 5, day, hour, tzinfo=UTC)


def output(id, at, tokens, model="mimo-v2-pro"):
    return Record(id, at, Usage(model, output_tokens=tokens))


def entries_of(*commands, book=BOOK):
    rejected = []
    account, entries = fold(Account(), timeline(list(commands)), book, rejected=rejected)
    assert not rejected
    return account, list(entries)


SPENT_BEYOND = [
    Subscribe("s", april(5), "lite"),
    output("r1", april(8), 10_000_000),
    Grant("g", april(11), 20_000_000, expires_at=april(30)),
    ChangeTier("c", april(15), "standard"),
    output("r2", april(18), 150_000_000),
]
MIGRATED = [
    Subscribe("s", may(20), "standard"),
    output("r1", may(22), 10_000_000, "mimo-v2.5"),
    output("r2", may(26, 3), 5_000_000, "mimo-v2.5-pro"),
    output("r3", may(26, 20), 1_000_000, "mimo-v2.5-pro"),
    output("r4", may(28), 3_000_000, "mimo-v2.5-pro"),
]


def drawn(figure, gid):
    """Every artist that was drawn under an id."""
    return [artist for axis in figure.axes for artist in axis.get_children() if artist.get_gid() == gid]


def credits_of(line):
    return [round(value * 1000) for value in line.get_ydata()]


def instants_of(line):
    return [num2date(number) for number in line.get_xdata()]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def bars(figure):
    return {
        (axis, bar.get_gid()): round(bar.get_height() * 1000)
        for axis in figure.axes
        for bar in axis.patches
        if bar.get_gid()
    }


# --- burn_down ------------------------------------------------------------------------------------------------------


def test_the_line_ends_with_what_the_account_has_left():
    account, entries = entries_of(*SPENT_BEYOND[:-1])
    (line,) = drawn(burn_down(entries), "left")
    assert credits_of(line)[-1] == account.remaining_millicredits == 200_000_000_000


def test_the_line_is_the_pool_after_each_command():
    """The account itself, folded command by command, is the oracle."""
    (line,) = drawn(burn_down(entries_of(*SPENT_BEYOND)[1]), "left")
    folded = [fold(Account(), SPENT_BEYOND[: n + 1], BOOK)[0].remaining_millicredits for n in range(len(SPENT_BEYOND))]
    assert credits_of(line) == folded
    assert instants_of(line) == [command.at for command in SPENT_BEYOND]


def test_overage_lies_below_zero():
    account, entries = entries_of(*SPENT_BEYOND)
    figure = burn_down(entries)
    (below,) = drawn(figure, "beyond")
    assert credits_of(below)[-1] == account.pots.overage < 0
    assert figure.axes[0].get_ylim()[0] <= below.get_ydata()[-1]
    assert f"{short(-account.pots.overage)} beyond the pool" in texts(figure)


def test_without_overage_nothing_lies_below_zero():
    figure = burn_down(entries_of(*SPENT_BEYOND[:-1])[1])
    assert drawn(figure, "beyond") == []
    assert figure.axes[0].get_ylim()[0] == 0


def test_a_cycle_is_marked_with_what_happened_in_it():
    figure = burn_down(entries_of(*SPENT_BEYOND)[1])
    assert [instants_of(drawn(figure, kind)[0])[0] for kind in ("opened", "grant", "tier")] == [
        april(5),
        april(11),
        april(15),
    ]
    assert texts(figure)[1:] == [
        "2026-04-05 00:00  subscribed, card 2026-04-03.2: 60 million",
        "2026-04-11 00:00  granted: 20 million",
        "2026-04-15 00:00  changed to standard: 140 million",
    ]


def test_many_marks_of_a_kind_are_counted_not_listed():
    grants = [Grant(f"g{day}", april(day), 1_000_000) for day in range(6, 11)]
    figure = burn_down(entries_of(SPENT_BEYOND[0], *grants)[1])
    assert len(drawn(figure, "grant")) == 5
    assert texts(figure)[-1] == "5 times credits granted: 5 million in all"


def test_a_migration_parts_the_cycle_into_two_scales_that_meet_at_zero():
    account, entries = entries_of(*MIGRATED)
    figure = burn_down(entries)
    before, since = drawn(figure, "left")
    assert before.axes is figure.axes[0]
    assert since.axes is figure.axes[1]
    assert credits_of(before) == [200_000_000_000, 190_000_000_000, 180_000_000_000, 0]
    assert credits_of(since)[0] == 11_000_000_000_000
    assert credits_of(since)[-1] == account.remaining_millicredits
    assert figure.axes[0].get_ylim()[0] == figure.axes[1].get_ylim()[0] == 0
    (mark,) = drawn(figure, "migrated")
    assert instants_of(mark) == [may(26, 16)]
    assert any("expired unused: 180 million" in text for text in texts(figure))


def test_scales_with_overage_still_meet_at_zero():
    figure = burn_down(entries_of(*MIGRATED, output("r5", may(29), 40_000_000, "mimo-v2.5-pro"))[1])
    places = [axis.transAxes.inverted().transform(axis.transData.transform((0, 0)))[1] for axis in figure.axes]
    assert places[0] == pytest.approx(places[1])
    assert places[0] > 0.1


def test_an_instant_chooses_its_cycle():
    _, entries = entries_of(SPENT_BEYOND[0], output("r", may(8), 1_000_000))
    first = burn_down(entries, at=april(9))
    (line,) = drawn(first, "left")
    assert credits_of(line) == [60_000_000_000, 0]
    assert first.axes[0].get_title(loc="left").startswith("Credits left in the cycle 2026-04-05 to 2026-05-06, lite")
    assert "expired unused: 60 million" in texts(first)[-1]
    with pytest.raises(InputError):
        burn_down(entries, at=datetime(2026, 4, 9))


def test_late_usage_stands_where_it_was_used_and_so_much_less_expires():
    account, entries = entries_of(SPENT_BEYOND[0], output("r", may(8), 1_000_000))
    late = fold(account, [output("late", april(9), 25_000_000)], BOOK)[1]
    (line,) = drawn(burn_down([*entries, *late], at=april(9)), "left")
    assert credits_of(line) == [60_000_000_000, 10_000_000_000, 0]
    assert any("expired unused: 10 million" in text for text in texts(burn_down([*entries, *late], at=april(9))))


def test_what_a_renewal_carries_over_is_marked():
    from mimo_credits.card import Rollover

    card = load_card("2026-04-03").derive({"policy": {"rollover": {"up_to": 7_000_000, "cycles": 1}}})
    assert isinstance(card.policy.rollover, Rollover)
    account, entries = entries_of(SPENT_BEYOND[0], output("r", may(8), 1_000_000), book=RateBook.fixed(card))
    figure = burn_down(entries)
    assert any("carried over: 7 million" in text for text in texts(figure))
    (line,) = drawn(figure, "left")
    assert credits_of(line) == [67_000_000_000, account.remaining_millicredits]


def test_held_credits_cannot_be_spent():
    hold = Hold("h", april(7), credits=5_000_000, expires_at=april(20))
    (line,) = drawn(burn_down(entries_of(SPENT_BEYOND[0], hold)[1]), "left")
    assert credits_of(line)[-1] == 55_000_000_000


# --- use_by_model_and_day -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [UTC, BEIJING])
def test_bars_are_exact_sums_by_model_and_day(zone):
    _, entries = entries_of(*MIGRATED)
    sums = defaultdict(int)
    for entry in entries:
        if isinstance(entry, Rated):
            sums[entry.at >= may(26, 16), f"{entry.at.astimezone(zone):%Y-%m-%d} {entry.usage.model}"] += (
                entry.millicredits
            )
    figure = use_by_model_and_day(entries, zone=zone)
    found = {(axis is figure.axes[-1], gid): height for (axis, gid), height in bars(figure).items()}
    assert found == dict(sums)
    assert str(zone) in figure.axes[0].get_xlabel()


def test_models_of_a_day_stand_on_one_another_and_days_in_their_place():
    _, entries = entries_of(*MIGRATED[:2], output("again", may(22, 5), 2_000_000, "mimo-v2.5-pro"))
    figure = use_by_model_and_day(entries)
    low, high = sorted(figure.axes[0].patches, key=lambda bar: bar.get_y())
    assert (low.get_y(), high.get_y()) == (0, low.get_height())
    assert num2date(low.get_x() + low.get_width() / 2) == may(22, 12)


def test_bars_of_the_day_of_the_migration_stand_side_by_side():
    figure = use_by_model_and_day(entries_of(*MIGRATED)[1])
    before, since = [
        next(bar for bar in axis.patches if bar.get_gid() == "2026-05-26 mimo-v2.5-pro") for axis in figure.axes
    ]
    assert before.get_x() + before.get_width() <= since.get_x()


def test_days_can_be_chosen():
    figure = use_by_model_and_day(entries_of(*MIGRATED)[1], since=may(27), until=may(28))
    assert "No day" in figure.axes[0].texts[0].get_text()
    figure = use_by_model_and_day(entries_of(*MIGRATED)[1], since=may(27))
    assert [gid for _, gid in bars(figure)] == ["2026-05-28 mimo-v2.5-pro"]
    with pytest.raises(InputError):
        use_by_model_and_day([], since=datetime(2026, 5, 1))


# --- tier_comparison ------------------------------------------------------------------------------------------------


def test_each_tier_shows_its_use_its_headroom_and_its_cost():
    comparison = compare_tiers(MAY, SESSION, times=300)
    figure = tier_comparison(comparison)
    found = {bar.get_gid(): round(bar.get_width() * 1000) for bar in figure.axes[0].patches}
    expected = {}
    for fit in comparison.tiers:
        expected[f"used {fit.tier}"] = min(fit.used, fit.allowance)
        expected[f"{'left' if fit.fits else 'missing'} {fit.tier}"] = abs(fit.headroom)
    assert found == expected
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [
        "lite\nUSD 6.00",
        "standard\nUSD 16.00",
        "pro\nUSD 50.00",
        "max\nUSD 100.00",
        "pay-as-you-go\nUSD 11.95056",
    ]
    words = [text.get_text().strip() for text in figure.axes[0].texts]
    assert words[:2] == [
        "201.1 % used, 4.144 billion short",
        "74.9 % used, 2.756 billion to spare, the cheapest that fits",
    ]


def test_a_price_that_is_not_there_is_said():
    use = MonthOfUse("a month", 1000, 1, None, FrozenMap(), FrozenMap({"USD": "unknown"}))
    figure = tier_comparison(compare_use(MAY, use))
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "pay-as-you-go\nno price"
    comparison = compare_use(MAY, use)
    without = comparison.tiers[0]._replace(cost=FrozenMap())
    made = type(comparison)(CardRef("c", ""), use, "USD", (without,), None)
    assert tier_comparison(made).axes[0].get_yticklabels()[0].get_text() == "lite\nno USD price"


# --- cost_by_hit_rate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["USD", "CNY"])
def test_a_tier_has_a_line_from_where_it_holds_the_work(currency):
    figure = cost_by_hit_rate(MAY, "mimo-v2.5-pro", SESSION, times=450, currency=currency)
    for name, tier in MAY.tiers.items():
        least = cache_lever(MAY, name, SESSION, times=450).least
        lines = drawn(figure, name)
        if least is None:
            assert lines == []
            assert f"{name}: too small at every hit rate" in texts(figure)
        else:
            assert list(lines[0].get_xdata()) == [float(least * 100), 100]
            assert list(lines[0].get_ydata()) == [float(tier.price[currency])] * 2
    assert drawn(figure, "lite") == []


def test_pay_as_you_go_lies_on_the_price_of_each_hit_rate():
    figure = cost_by_hit_rate(MAY, "mimo-v2.5", SESSION, times=100)
    (line,) = drawn(figure, "pay-as-you-go")
    (x0, x1), (y0, y1) = line.get_xdata(), line.get_ydata()
    for hit_rate in (Fraction(0), Fraction(1, 4), Fraction(9, 10), Fraction(1)):
        steps = tuple(
            Step(
                one.name,
                Usage(
                    "mimo-v2.5",
                    cached_tokens=int(one.usage.input_tokens * hit_rate),
                    input_tokens=one.usage.input_tokens,
                    output_tokens=one.usage.output_tokens,
                ),
                one.count,
            )
            for one in SESSION.steps
        )
        price = Workload("other", steps).quote(MAY, times=100).money["USD"]
        assert y0 + (y1 - y0) * float(hit_rate) == pytest.approx(float(price))
    assert (x0, x1) == (0, 100)
    assert list(drawn(figure, "now")[0].get_xdata()) == [90, 90]


def test_where_hits_cost_more_than_misses_a_tier_stops_fitting():
    rates = {"credits": {"hit": 400, "miss": 300, "output": 600}}
    card = MAY.derive({"models": {"mimo-v2.5-pro": rates}})
    work = Workload("reading", (Step("read", Usage("mimo-v2.5-pro", input_tokens=1_000_000)),))
    figure = cost_by_hit_rate(card, "mimo-v2.5-pro", work, times=12)
    (lite,) = drawn(figure, "lite")
    # 12 million tokens: 3.6 billion credits as misses, 4.8 billion as hits, 4.1 billion allowed.
    assert list(lite.get_xdata()) == [0, pytest.approx(100 * 5 / 12)]
    assert any("lite" in text and "fits up to 41.7 %" in text for text in texts(figure))


# --- all of them ----------------------------------------------------------------------------------------------------


def drawings(axis=None):
    _, entries = entries_of(*MIGRATED)
    return {
        "burn_down": lambda: burn_down(entries, axis=axis),
        "use_by_model_and_day": lambda: use_by_model_and_day(entries, axis=axis),
        "tier_comparison": lambda: tier_comparison(compare_tiers(MAY, SESSION, times=300), axis=axis),
        "cost_by_hit_rate": lambda: cost_by_hit_rate(MAY, "mimo-v2.5", SESSION, times=300, axis=axis),
    }


@pytest.mark.parametrize("name", list(drawings()))
def test_the_axis_that_is_given_is_drawn_on(name):
    figure = Figure(figsize=(12, 6), layout="constrained")
    part = figure.subfigures(1, 2)[0]
    axis, other = part.subplots(2, 1)
    assert drawings(axis)[name]() is figure
    assert axis.has_data()
    assert not other.has_data()
    figure.draw_without_rendering()


@pytest.mark.parametrize("name", list(drawings()))
def test_a_picture_names_its_cards_and_units_and_shows_itself(name):
    figure = drawings()[name]()
    assert "rate card" in figure.axes[0].get_title(loc="left")
    units = {"credits", "cost"}
    assert any(word in axis.get_xlabel() + axis.get_ylabel() for axis in figure.axes for word in units)
    assert figure.get_facecolor() == (1, 1, 1, 1)
    assert isinstance(figure, Picture)
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        (lambda: burn_down([]), "No billing cycle"),
        (lambda: burn_down(entries_of(*MIGRATED)[1], at=april(1)), "No billing cycle"),
        (lambda: use_by_model_and_day([]), "No day"),
        (lambda: tier_comparison(compare_tiers(MAY, SESSION, times=0)), "Nothing to compare"),
        (lambda: cost_by_hit_rate(MAY, "mimo-v2.5", SESSION, times=0), "Nothing to draw"),
    ],
)
def test_of_nothing_nothing_is_drawn_and_that_is_said(figure, why):
    (axis,) = figure().axes
    assert why in axis.texts[0].get_text()
    assert not axis.has_data()


@pytest.mark.parametrize(
    ("millicredits", "words"),
    [(0, "0"), (999_999, "999.999"), (1_000_000, "1 thousand"), (2_756_000_000_000, "2.756 billion"), (1, "0.001")],
)
def test_credits_are_written_short(millicredits, words):
    assert short(millicredits) == words


def test_statements_and_pictures_agree_on_what_was_used():
    _, entries = entries_of(*MIGRATED)
    used = sum(bars(use_by_model_and_day(entries)).values())
    assert used == sum(cycle.used for cycle in statement(entries).cycles)
    assert used == sum(
        entry.millicredits for entry in entries if isinstance(entry, Posting) and entry.target == "spent"
    )


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    with pytest.raises(ImportError, match=r"pictures need matplotlib: pip install 'mimo_credits\[plot\]'"):
        runpy.run_path(canvas.__file__)


def test_the_library_itself_imports_no_matplotlib_and_pictures_no_pyplot():
    code = "import sys, mimo_credits; assert 'matplotlib' not in sys.modules; import mimo_credits.plots"
    code += "; assert 'matplotlib.pyplot' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_cards_are_named_by_the_first_and_the_last():
    assert listed(["a"]) == "rate card a"
    assert listed(["a", "b", "c"]) == "rate cards a, b and c"
    assert listed(["a", "b", "c", "d"]) == "4 rate cards, a to d"


def test_a_card_without_a_price_has_no_line_for_it_and_says_so():
    card = MAY.derive({"models": {"mimo-v2.5": {"price": {"CNY": None}, "source": {"CNY": None}}}})
    figure = cost_by_hit_rate(card, "mimo-v2.5", SESSION, times=10, currency="CNY")
    assert drawn(figure, "pay-as-you-go") == []
    assert "pay-as-you-go: no CNY price" in texts(figure)


def test_what_happened_is_listed_in_its_order():
    marks = texts(burn_down(entries_of(*MIGRATED)[1]))
    assert [text.split("  ")[1].partition(",")[0].partition(":")[0] for text in marks] == [
        "subscribed",
        "expired unused",
        "migrated",
    ]


def test_bars_of_a_tier_lie_end_to_end():
    figure = tier_comparison(compare_tiers(MAY, SESSION, times=300))
    for used, rest in zip(figure.axes[0].patches[::2], figure.axes[0].patches[1::2], strict=True):
        assert used.get_x() == 0
        assert rest.get_x() == used.get_width()
        assert rest.get_y() == used.get_y()


def test_credits_are_written_in_the_unit_that_the_label_names():
    axis = burn_down(entries_of(*SPENT_BEYOND)[1]).axes[0]
    assert axis.get_ylabel() == "credits, in millions"
    assert axis.yaxis.get_major_formatter()(50_000_000, 0) == "50"
    axis = tier_comparison(compare_tiers(MAY, SESSION, times=300)).axes[0]
    assert axis.get_xlabel() == "credits a month, in billions"
    assert axis.xaxis.get_major_formatter()(1_500_000_000, 0) == "1.5"


def test_marks_lie_on_the_line_and_the_whole_cycle_is_shown():
    figure = burn_down(entries_of(*SPENT_BEYOND)[1])
    assert [float(drawn(figure, kind)[0].get_ydata()[0]) for kind in ("opened", "grant", "tier")] == [
        60_000_000,
        60_000_000,
        200_000_000,
    ]
    assert [num2date(edge) for edge in figure.axes[0].get_xlim()] == [april(5), may(6)]


def test_usage_at_the_instant_of_the_migration_stands_after_it():
    _, entries = entries_of(*MIGRATED[:2], output("first", may(26, 16), 1_000_000, "mimo-v2.5-pro"))
    figure = use_by_model_and_day(entries)
    assert [gid for axis, gid in bars(figure) if axis is figure.axes[1]] == ["2026-05-26 mimo-v2.5-pro"]


BROKEN_MATHEMATICS = r"$\frac{$\$_{"


def pictures_of_an_odd_name():
    name = BROKEN_MATHEMATICS
    work = Workload(name, (Step("s", Usage("flat", input_tokens=1_000, output_tokens=10)),))
    card = RateCard.from_toml(TEXT.replace('"acme/flat"', f"'{name}'"))
    _, entries = entries_of(Subscribe("s", may(1), "small"), output("r", may(2), 10, name), book=RateBook.fixed(card))
    yield tier_comparison(compare_tiers(card, work))
    yield cost_by_hit_rate(card, name, work)
    yield use_by_model_and_day(entries)


def written_in(figure):
    """What stands in a figure when it is drawn: matplotlib shows `\\$` as a dollar sign."""
    return [text.get_text().replace(r"\$", "$") for text in figure.findobj(Text)]


def test_a_name_is_no_mathematics():
    for figure in pictures_of_an_odd_name():
        assert figure._repr_png_()
        assert not any(is_math_text(text.get_text()) for text in figure.findobj(Text))
        assert any(BROKEN_MATHEMATICS in text for text in written_in(figure))


@pytest.mark.parametrize(
    ("field", "drawn"),
    [
        ("comparison", lambda: tier_comparison("x")),
        ("axis", lambda: tier_comparison(compare_tiers(MAY, SESSION), axis="x")),
        ("entries", lambda: burn_down(statement(entries_of(*SPENT_BEYOND)[1]))),
        ("entries", lambda: burn_down([1])),
        ("entries", lambda: use_by_model_and_day("x")),
        ("zone", lambda: burn_down([], zone="Asia/Shanghai")),
        ("zone", lambda: use_by_model_and_day([], zone="Asia/Shanghai")),
        ("card", lambda: cost_by_hit_rate("2026-05-27", "mimo-v2.5-pro", SESSION)),
        ("workload", lambda: cost_by_hit_rate(MAY, "mimo-v2.5-pro", "coding-session")),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_name(field, drawn):
    with pytest.raises(InputError, match=f"^{field}: needs "):
        drawn()
