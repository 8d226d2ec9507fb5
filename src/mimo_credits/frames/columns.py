from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Columns:
    account: str = "account"
    at: str = "at"
    model: str = "model"
    input_tokens: str = "input_tokens"
    cached_tokens: str = "cached_tokens"
    output_tokens: str = "output_tokens"
    id: str = "id"
