"""JSON as some makers' tools write it: with comments and trailing commas. Pure."""


def strip_extras(given: str) -> str:
    """Remove ``// …`` and ``/* … */`` comments and commas before a closing bracket, outside of strings.

    Anything else wrong stays wrong: the JSON decoder judges what is left.
    """
    kept: list[str] = []
    at, end = 0, len(given)
    while at < end:
        char = given[at]
        if char == '"':
            close = _string_end(given, at)
            kept.append(given[at:close])
            at = close
        elif given.startswith("//", at):
            newline = given.find("\n", at)
            at = end if newline < 0 else newline
        elif given.startswith("/*", at):
            close = given.find("*/", at + 2)
            at = end if close < 0 else close + 2
        else:
            if char in "}]":
                _drop_comma(kept)
            kept.append(char)
            at += 1
    return "".join(kept)


def _string_end(given: str, start: int) -> int:
    """Return the index behind the closing quote of the string at ``start``."""
    at = start + 1
    while at < len(given) and given[at] != '"':
        at += 2 if given[at] == "\\" else 1
    return min(at + 1, len(given))


def _drop_comma(kept: list[str]) -> None:
    at = len(kept) - 1
    while at >= 0 and kept[at].isspace():
        at -= 1
    if at >= 0 and kept[at] == ",":
        del kept[at]
