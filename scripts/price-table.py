#!/usr/bin/env python3
"""Writes crates/wire/data/prices.json from the public price list of LiteLLM (MIT).

usage: scripts/price-table.py model_prices_and_context_window.json VERSION DAY > crates/wire/data/prices.json

Kept: chat models of Anthropic, OpenAI, Gemini and Amazon Bedrock with a price for input and output. Prices are dollars
per million tokens; `above` holds those of long requests.
"""

import json
import re
import sys

PROVIDERS = {
    "anthropic": "anthropic",
    "openai": "openai",
    "gemini": "gemini",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
}
RATES = {
    "input": "input_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_long": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
}


def rates(row, suffix):
    found = {name: row.get(key + suffix) for name, key in RATES.items()}
    if not suffix and not (found["input"] and found["output"]):
        return None
    return {name: round(value * 1e6, 6) for name, value in found.items() if value is not None}


def above(row):
    sizes = {int(m.group(1)) for key in row if (m := re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", key))}
    if len(sizes) != 1:
        return None
    size = sizes.pop()
    return {"tokens": size * 1000, "rates": rates(row, f"_above_{size}k_tokens")}


def main(path, version, day):
    rows = []
    for name, row in json.load(open(path, encoding="utf-8")).items():
        provider = PROVIDERS.get(row.get("litellm_provider"))
        plain = rates(row, "")
        if provider is None or plain is None or row.get("mode") not in ("chat", "responses"):
            continue
        # Prices that hang on something else than tokens, such as a commitment, are no list prices of a token.
        if "commitment" in name or name.startswith("ft:"):
            continue
        model = re.sub(r"^(gemini|openai|bedrock)/", "", name)
        entry = {"provider": provider, "model": model, "rates": plain}
        if (long := above(row)) is not None:
            if "output" not in long["rates"]:
                continue
            entry["above"] = long
        rows.append(entry)
    rows.sort(key=lambda entry: (entry["provider"], entry["model"]))
    seen, unique = set(), []
    for entry in rows:
        key = (entry["provider"], entry["model"])
        if key not in seen:
            seen.add(key)
            unique.append(entry)
    print("{")
    print(f' "source": "LiteLLM model_prices_and_context_window, package litellm {version}",')
    print(' "licence": "MIT, Copyright (c) 2023 Berri AI",')
    print(f' "dated": "{day}",')
    print(' "rows": [')
    print(",\n".join("  " + json.dumps(entry, separators=(",", ":")) for entry in unique))
    print(" ]\n}")


main(*sys.argv[1:])
