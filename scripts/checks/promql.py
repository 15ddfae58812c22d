"""What a query in PromQL names: its selectors with their matchers, and the labels that it groups by.

No more of the language than that: promtool says whether a query is right.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<space>\s+|\#.*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
      | (?P<variable>\$\w+|\$\{[^}]*\})
      | (?P<number>[0-9][\w.]*|\.[0-9]\w*)
      | (?P<name>[a-zA-Z_:][\w:]*)
      | (?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^=<>@,:(){}\[\]])
    """,
    re.VERBOSE,
)
CLOSING = {"(": ")", "{": "}", "[": "]"}
GROUPS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = GROUPS | {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}


@dataclasses.dataclass
class Selector:
    """A series that is named. The name is empty where only matchers say which."""

    name: str
    matchers: list[tuple[str, str, str]]  # (label, operator, value)


@dataclasses.dataclass
class Group:
    """Labels behind `by` or the like, and the selectors in what they are applied to."""

    word: str
    labels: list[str]
    selectors: list[Selector]


def tokens_of(text):
    """(kind, text) of each; ValueError for what is none."""
    at, found = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot be read from '{text[at:at + 20]}' on")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


class Query:
    """`selectors` and `groups` of a query. ValueError for one that cannot be read."""

    def __init__(self, text):
        self._tokens = tokens_of(text)
        self._partner = self._brackets()
        self._at_token = {}  # Selector by the token that it begins with.
        spans = []
        at = 0
        while at < len(self._tokens):
            kind, word = self._tokens[at]
            if word == "[":  # A range.
                at = self._partner[at]
            elif kind == "name" and word.lower() in GROUPS and self._text(at + 1) == "(":
                end = self._partner[at + 1]
                labels = [text for kind, text in self._tokens[at + 2:end] if kind == "name"]
                spans.append((word.lower(), labels, self._argument(at, end)))
                at = end
            elif word == "{" or kind == "name" and self._is_metric(at):
                at = self._selector(at)
            at += 1
        self.selectors = list(self._at_token.values())
        self.groups = [
            Group(word, labels, [s for at, s in self._at_token.items() if begin <= at <= end])
            for word, labels, (begin, end) in spans
        ]

    def _text(self, at):
        return self._tokens[at][1] if 0 <= at < len(self._tokens) else ""

    def _brackets(self):
        """Position of each bracket -> that of the one that it belongs to."""
        partner, is_open = {}, []
        for at, (kind, text) in enumerate(self._tokens):
            if kind != "sign":
                continue
            if text in CLOSING:
                is_open.append(at)
            elif text in CLOSING.values():
                if not is_open or CLOSING[self._text(is_open[-1])] != text:
                    raise ValueError(f"has a {text} that closes nothing")
                partner[at] = is_open.pop()
                partner[partner[at]] = at
        if is_open:
            raise ValueError(f"has a {self._text(is_open[-1])} that is not closed")
        return partner

    def _is_metric(self, at):
        """Whether a name is neither a word of the language nor what is applied to something."""
        behind = self._text(at + 1).lower()
        return self._text(at).lower() not in WORDS and behind != "(" and behind not in ("by", "without")

    def _argument(self, at, end):
        """First and last token of what a group of labels, from `at` to `end`, is applied to."""
        word = self._text(at).lower()
        if word in ("by", "without") and self._text(end + 1) == "(":
            return end + 1, self._partner[end + 1]
        if word in ("by", "without") and self._text(at - 1) == ")":
            return self._partner[at - 1], at - 1
        return 0, len(self._tokens)  # Both sides of an operator.

    def _selector(self, at):
        """Reads the selector that begins here; the position of its last token."""
        begin, name, matchers = at, "", []
        if self._text(at) != "{":
            name = self._text(at)
            at += 1
        if self._text(at) != "{":
            at -= 1
        else:
            end = self._partner[at]
            inside = self._tokens[at + 1:end]
            for i in range(0, len(inside), 4):
                if len(inside) < i + 3 or inside[i][0] != "name" or inside[i + 2][0] != "string":
                    raise ValueError(f"has {{{' '.join(text for _, text in inside)}}}, which are no matchers")
                matchers.append((inside[i][1], inside[i + 1][1], inside[i + 2][1][1:-1]))
            at = end
        for label, operator, value in matchers:
            if label == "__name__" and operator == "=":
                name = value
        self._at_token[begin] = Selector(name, matchers)
        return at
