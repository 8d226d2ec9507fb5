"""Claude Code's session files, `~/.claude/projects/<project>/<session>.jsonl` and those of subagents beside them.

The format is not documented; what is said here was learned from ccusage, the best kept reader of it
(github.com/ryoppippi/ccusage, `adapter/claude`). The rules:

- **An answer** is a line of the type `assistant`; its `message` is an Anthropic-style response, whose `input_tokens`
  leave out what was read from and written to the cache (`Usage.from_anthropic` adds both).
- **One answer, several lines**: a line for each block of its content, the `output_tokens` growing from one to the next;
  and copies of them in resumed sessions and side questions, there with another `requestId`. `message.id` is the same in
  all of them, so it alone is the request's id.
- **Subagents** are requests like others: lines with `isSidechain`, or whole lines inside `data.message` of a line of
  the type `progress`.
- What Claude Code writes itself, in the model's place, is no answer: the model `<synthetic>`, and API errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from mimo_credits.instants import parse_instant
from mimo_credits.ledger import Record
from mimo_credits.logs.fields import table, text
from mimo_credits.logs.lines import NO_RESPONSE, Found, Growing, NoRequest
from mimo_credits.usage import Usage

_SYNTHETIC = "<synthetic>"
_MARKS = ("sessionId", "leafUuid", "messageId", "parentUuid")
"""Keys of which each kind of line has one: turns, summaries, snapshots of files."""

OWN_MESSAGE = NoRequest("a message that Claude Code wrote itself, such as API errors")


def is_line(document: Mapping[str, object]) -> bool:
    """Whether an object is a line of a session file, and no response by itself."""
    return "usage" not in document and (
        any(mark in document for mark in _MARKS) or isinstance(document.get("message"), dict)
    )


def read(line: Mapping[str, object]) -> Found:
    """The answer that a line tells of. Raises `InputError`."""
    entry = table(table(line, "data"), "message") if line.get("type") == "progress" else line
    message = entry.get("message")
    if not isinstance(message, dict) or not ("usage" in message or entry.get("type") == "assistant"):
        return NO_RESPONSE
    if entry.get("isApiErrorMessage") is True or message.get("model") == _SYNTHETIC:
        return OWN_MESSAGE
    at = parse_instant(text(entry, "timestamp"), "timestamp")
    return Growing(Record(text(message, "id"), at, Usage.from_anthropic(message)))
