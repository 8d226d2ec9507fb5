"""A provider on loopback that answers in OpenAI's two forms and in Anthropic's, streams too.

What a request is to come to, its last message says: `fail` is an error, `break` a stream that breaks off, `slow` one
that takes its time between chunks, `wait` an answer that comes when the gate is open; anything else is answered. Each answer used 1,000 tokens of input, of which 800 were
cached, and 50 of output.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

CACHED = {"prompt_tokens": 1_000, "completion_tokens": 50, "total_tokens": 1_050}
CACHED |= {"prompt_tokens_details": {"cached_tokens": 800}}
ANTHROPIC = {
    "input_tokens": 150,
    "cache_read_input_tokens": 800,
    "cache_creation_input_tokens": 50,
    "output_tokens": 50,
}
RESPONSES = {"input_tokens": 1_000, "input_tokens_details": {"cached_tokens": 800}, "output_tokens": 50}
RESPONSES |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1_050}


class Upstream:
    """The server; `asked` holds what was asked of it, in order. Until the `gate` is set, `wait` is not answered."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = Event()
        handler = type("Handler", (_Handler,), {"asked": self.asked, "gate": self.gate})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Upstream:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    asked: list[str]
    gate: Event

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked is told by `asked`."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = body["input"] if "input" in body else body["messages"][-1]["content"]
        said = content if isinstance(content, str) else content[-1].get("text", "")
        self.asked.append(said)
        if said == "wait":
            self.gate.wait(120)
        try:
            if said == "fail":
                self._send(500, "application/json", b'{"error": {"message": "out of order"}}')
            elif body.get("stream") and self.path.endswith("/messages"):
                self._events(self._message_events())
            elif body.get("stream") and self.path.endswith("/responses"):
                self._events(self._response_events())
            elif body.get("stream"):
                self._stream(said)
            elif self.path.endswith("/responses"):
                *_, last = self._response_events()
                self._send(200, "application/json", json.dumps(last["response"]).encode())
            elif self.path.endswith("/messages"):
                self._send(200, "application/json", json.dumps(self._message(body)).encode())
            else:
                self._send(200, "application/json", json.dumps(self._completion(body)).encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client went away

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _completion(self, body: dict[str, object]) -> dict[str, object]:
        message = {"role": "assistant", "content": "Hello."}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return {
            "id": "fixed",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": choices,
        } | {"usage": CACHED}

    def _message(self, body: dict[str, object]) -> dict[str, object]:
        content = [{"type": "text", "text": "Hello."}]
        return {"id": "fixed", "type": "message", "role": "assistant", "model": body["model"], "content": content} | {
            "stop_reason": "end_turn",
            "usage": ANTHROPIC,
        }

    def _message_events(self) -> Iterator[dict[str, object]]:
        yield {
            "type": "message_start",
            "message": self._message({"model": "mimo"}) | {"usage": ANTHROPIC | {"output_tokens": 1}},
        }
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello."}}
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 50}}
        yield {"type": "message_stop"}

    def _response_events(self) -> Iterator[dict[str, object]]:
        answer = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "mimo"}
        text = {"type": "message", "id": "m", "status": "completed", "role": "assistant", "content": []}
        answer |= {"output": [text], "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
        yield {"type": "response.created", "response": answer | {"status": "in_progress"}, "sequence_number": 0}
        yield {"type": "response.completed", "response": answer | {"usage": RESPONSES}, "sequence_number": 1}

    def _events(self, events: Iterator[dict[str, object]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()

    def _stream(self, said: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number in range(5):
            self._chunk({"choices": [{"index": 0, "delta": {"role": "assistant", "content": f"word {number} "}}]})
            time.sleep(0.2 if said == "slow" else 0)
            if said == "break" and number == 2:
                self.wfile.write(b'data: {"error": {"message": "out of order", "code": 500}}\n\n')
                return
        self._chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._chunk({"choices": [], "usage": CACHED})
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, fields: dict[str, object]) -> None:
        chunk = {"id": "fixed", "object": "chat.completion.chunk", "created": 1, "model": "mimo"} | fields
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()
