"""Reads users' files: whatever a library raises while it reads one becomes one sentence with the file's name.

Libraries raise what they like for a damaged file: zlib.error, struct.error, IndexError, MemoryError for a header that
asks for terabytes. Naming them one by one always leaves some out.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

MAX_REASON = 200
"""Characters of a library's own message; some quote the file."""


@contextmanager
def refusing(refusal: type[ValueError], sentence: Callable[[str], str]) -> Iterator[None]:
    """Context in which any exception but a `refusal` becomes one that says `sentence(reason)`.

    Raises:
      refusal: see above.
    """
    try:
        yield
    except refusal:
        raise
    except Exception as error:
        raise refusal(sentence(reason(error))) from error


def reading(path: Path, refusal: type[ValueError], *, rule: str, cure: str) -> AbstractContextManager[None]:
    """`refusing` with the usual sentence: "RULE, PATH cannot be read (REASON); CURE"."""
    return refusing(refusal, lambda why: f"{rule}, {path} cannot be read ({why}); {cure}")


def reason(error: Exception) -> str:
    """A library's message in one line, with the kind of error where the message alone says little."""
    text = " ".join(str(error).split())
    if len(text) > MAX_REASON:
        text = f"{text[:MAX_REASON]}.."
    if isinstance(error, MemoryError):
        text = f"it asks for more memory than there is{': ' if text else ''}{text}"
    if text and isinstance(error, (OSError, ValueError, MemoryError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
