"""Pictures made for tests: no two numbers look the same."""

import random
from functools import lru_cache
from io import BytesIO
from typing import Any

from PIL import Image


@lru_cache
def picture(width: int = 90, height: int = 60, number: int = 1, mode: str = "RGB") -> Image.Image:
    """Blots of colour, smooth enough to survive any packing."""
    chance = random.Random(number)
    bands = {"RGB": 3, "RGBA": 4, "L": 1, "CMYK": 4, "LA": 2}[mode]
    small = Image.frombytes(mode, (9, 8), bytes(chance.randrange(256) for _ in range(9 * 8 * bands)))
    return small.resize((width, height), Image.Resampling.BILINEAR)


def packed(image: Image.Image | None = None, format: str = "JPEG", **options: Any) -> bytes:
    """A picture as bytes."""
    written = BytesIO()
    (image or picture()).save(written, format, **options)
    return written.getvalue()
