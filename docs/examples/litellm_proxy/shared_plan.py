"""The callback that config.yaml names: every call is held for and charged to the team whose key it came with."""

from pathlib import Path

from mimo_credits import load_book
from mimo_credits.litellm import InDatabase, MimoCreditsLogger
from mimo_credits.sql import sqlite_engine

HERE = Path(__file__).parent
engine = sqlite_engine(HERE / "ledger.db")  # or create_engine("postgresql+psycopg://…")
book = load_book()
logger = MimoCreditsLogger(InDatabase(engine, book), unwritten_to=HERE / "unwritten.jsonl")
