"""What `docs/stability.md` promises of the command line: its options, and the keys of its `--json`.

A name that is gone, or called otherwise, breaks whoever calls it; a new one is added here, and promised from then on.
"""

from __future__ import annotations

import re

import pytest

from tests.cli.responses import openai

CARD = ["--card", "--at"]
OPTIONS = {
    (): ["--version"],
    ("quote",): ["--input", "--cached", "--output", "--audio-seconds", "--web-searches", *CARD, "--json"],
    ("statement",): [
        *("--tier", "--since", "--currency", "--interval", "--change", "--until", "--alias", "--strict", "--json"),
    ],
    ("plan",): [
        *("--workload", "--usage", "--times", "--off-peak-share", "--since", "--until", "--window-limit", "--model"),
        *("--currency", *CARD, "--json"),
    ],
    ("tiers",): [*CARD, "--json"],
    ("compare",): ["--workload", "--times", "--card", "--at", "--model", "--json"],
    ("rate",): ["--output", "--card", "--errors", "--keep-going", "--column", "--json"],
    ("settle",): [
        *("--lifecycle", "--accounts", "--output", "--statements", "--bills", "--accounts-out", "--until"),
        *("--card", "--errors", "--keep-going", "--column", "--json"),
    ],
    ("cards",): ["--provider", "--json"],
    ("cards", "list"): ["--provider", "--json"],
    ("cards", "show"): ["--json"],
    ("cards", "diff"): ["--markdown", "--usage", "--json"],
    ("cards", "verify"): ["--json"],
}
COMMANDS = {command for command, *_ in filter(None, OPTIONS)}
ACTIONS = {rest[0] for _, *rest in filter(None, OPTIONS) if rest}


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
def test_the_options_of_each_command_are_public(run, command):
    usage = run(*command, "--help").out.partition("\n\n")[0]
    assert sorted(re.findall(r"--[a-z-]+", usage)) == sorted(OPTIONS[command])


@pytest.mark.parametrize(("command", "below"), [((), COMMANDS), (("cards",), ACTIONS)])
def test_the_commands_are_public(run, command, below):
    listed = run(*command, "--help").out.partition("\ncommands:\n")[2]
    assert set(re.findall(r"^    ([a-z]+)(?: |$)", listed, re.MULTILINE)) == below


MAY = ("--card", "2026-05-27")
PLAN = ["card", "choice", "why", "currency", "credits", "tokens", "pay_as_you_go", "unpriced", "separately", "tiers"]
KEYS = {
    ("quote", "mimo-v2.5", "--input", "1", *MAY): [
        *("at", "card", "off_peak", "credits", "lines", "tiers", "pay_as_you_go", "unpriced", "remarks"),
    ],
    ("statement", "LOG", "--tier", "lite", "--since", "2026-05-01T00:00:00Z"): [
        *("cycles", "money_due", "unbilled", "cards", "log"),
    ],
    ("plan", "--workload", "coding-session", *MAY): ["workload", *PLAN],
    ("plan", "--usage", "LOG", *MAY): [*PLAN, "forecast", "window", "log"],
    ("tiers",): ["card", "tiers"],
    ("compare", "--workload", "video-post", "--at", "2026-06-01T00:00:00Z"): ["workload", "times", "at", "offers"],
    ("cards",): ["cards"],
    ("cards", "list"): ["cards"],
    ("cards", "show", "2026-05-27"): [
        *("id", "sha256", "provider", "effective_from", "supersedes", "note", "tiers", "models", "web_search", "cycle"),
        *("policy", "off_peak", "migration", "assumptions", "sources"),
    ],
    ("cards", "diff", "2026-04-22", "2026-05-27"): [
        *("before", "after", "changes", "allowance_in_input_tokens", "usage"),
    ],
    ("cards", "verify"): ["ok", "cards"],
}


@pytest.mark.parametrize("command", KEYS, ids=" ".join)
def test_the_keys_of_the_json_are_public(run, log, command):
    path = log(*(openai(name, 1_779_782_400 + day * 86_400, "mimo-v2.5", 10) for day, name in enumerate("abc")))
    ran = run(*(path if argument == "LOG" else argument for argument in command), "--json")
    assert ran.code == 0, ran.err
    assert sorted(ran.json) == sorted(KEYS[command])
