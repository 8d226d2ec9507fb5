"""Response bodies as the two APIs send them."""

from __future__ import annotations

from typing import Any


def openai(id: str, created: int, model: str, prompt: int, completion: int = 0, cached: int = 0) -> dict[str, Any]:
    return {
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "…"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def anthropic(id: str, timestamp: str, model: str, new: int, output: int = 0, read: int = 0) -> dict[str, Any]:
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "…"}],
        "usage": {
            "input_tokens": new,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": read,
            "output_tokens": output,
        },
        "timestamp": timestamp,
    }
