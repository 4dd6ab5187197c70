"""Requests that nobody should send, by class: as bytes, because no HTTP library would write most of them.

Everything follows from the seed, so a request that did harm can be made again.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import zstandard

from tests.intake.reports import submission

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOMB_BYTES: Final = 64 * 1024 * 1024
_ODD_TEXTS: Final = (
    *("", " ", "\0", "\r\n", "\ud800", "\ufeff", "﷽" * 50, "é", "e\u0301", "🦅", "\u202e", "A" * 5_000, "../" * 20),
    *(
        "64.71",
        "2023Q4",
        "NaN",
        "null",
        "true",
        "-0",
        "1e999",
        "0x10",
        "'; DROP",
        "{{7*7}}",
        "%00",
        "%ff",
        "${x}",
        "<x>",
    ),
)
_ODD_NUMBERS: Final = (
    *("0", "-1", "-0", "1e400", "-1e400", "1E+2", "0.1", "00", "1.", ".5", "+1", "NaN", "Infinity", "-Infinity", "0x1"),
    *("9" * 30, "9" * 5_000, "1" + "0" * 400, "1e-400", "9007199254740993", "1_000", "1,5", "٣", "1e5e5"),
)
_ODD_HEADERS: Final = (
    *("Accept", "Accept-Language", "Authorization", "Content-Digest", "Content-Encoding", "Content-Type", "Cookie"),
    *("Expect", "Host", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Origin", "Prefer", "Range", "Referer"),
    *("Sec-Fetch-Site", "Spm-Arrived-At", "Spm-Test-Scenario", "TE", "Transfer-Encoding", "Upgrade", "X-Forwarded-For"),
    *("traceparent", "Connection", "Content-Length", "Trailer"),
)
_MEDIA_TYPES: Final = (
    *(
        "application/json",
        "application/x-ndjson",
        "application/json; charset=utf-16",
        "text/plain",
        "",
        XLSX,
        "\xff/\xfe",
    ),
    *("multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded", "application/*"),
)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    kind: str
    data: bytes
    whole: bool = True
    """Whether an answer must come; where the request is cut or no HTTP, the connection may end without one."""


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@cache
def _bombs() -> dict[str, bytes]:
    content = b" " * BOMB_BYTES
    return {"gzip": _gzip(content), "zstd": zstandard.compress(content), "deflate": zlib.compress(content)}


class Maker:
    def __init__(self, seed: int, tokens: Sequence[str], routes: Sequence[tuple[str, str]]) -> None:
        """``routes``: method and path template of every door."""
        self._chance = random.Random(seed)
        self._tokens = tokens
        self._routes = routes
        self._report = json.loads(submission().model_dump_json())
        self._kinds: Mapping[str, Callable[[], Fuzzed]] = {
            "bytes": self._bytes,
            "headers": self._headers,
            "paths": self._paths,
            "queries": self._queries,
            "lengths": self._lengths,
            "chunks": self._chunks,
            "encodings": self._encodings,
            "numbers": self._numbers,
            "unicode": self._unicode,
            "nesting": self._nesting,
            "structure": self._structure,
            "streams": self._streams,
            "workbooks": self._workbooks,
        }

    def make(self, count: int) -> Iterator[Fuzzed]:
        kinds = list(self._kinds)
        for number in range(count):
            yield self._kinds[kinds[number % len(kinds)]]()

    # Bodies

    def _numbers(self) -> Fuzzed:
        written = json.dumps(self._report)
        number = self._chance.choice(_ODD_NUMBERS)
        field = self._chance.choice(['"served": 800', '"target": 1000', '"allocated": null', '"quality": []'])
        name = field.partition(":")[0]
        item = f'[{{"code":"A","name":"a","unit":"b","required":{number}}}]' if "quality" in name else number
        return self._posted("numbers", written.replace(field, f"{name}: {item}").encode())

    def _unicode(self) -> Fuzzed:
        body = json.dumps(self._with_a_change(self._text()), ensure_ascii=self._chance.random() < 0.5)
        encoding = self._chance.choice(["utf-8", "utf-16", "utf-32", "latin-1", "utf-8-sig"])
        return self._posted("unicode", body.encode(encoding, "surrogatepass" if "utf" in encoding else "replace"))

    def _nesting(self) -> Fuzzed:
        depth = self._chance.choice([10, 64, 128, 500, 5_000, 100_000])
        left, right = self._chance.choice([("[", "]"), ('{"a":', "}"), ('[{"services":', "}]")])
        closed = right * depth if self._chance.random() < 0.7 else ""
        return self._posted("nesting", f"{left * depth}1{closed}".encode())

    def _structure(self) -> Fuzzed:
        odd: list[Any] = [None, True, 0, -1, 1.5, "", [], {}, [None] * 100, {"a": {"b": {}}}, self._text()]
        body = json.dumps(self._with_a_change(self._chance.choice(odd))).encode()
        if self._chance.random() < 0.3:
            place = self._chance.randrange(len(body))
            body = body[:place] + self._chance.randbytes(self._chance.randrange(4)) + body[place + 1 :]
        return self._posted("structure", body)

    def _streams(self) -> Fuzzed:
        good = json.dumps(self._report | {"source_system": self._word()}).encode()
        lines = [
            self._chance.choice([good, b"", b"{", b"[]", b"\xff\xfe", b"{}" * 50, b'{"a":"' + b"x" * 600_000 + b'"}'])
            for _ in range(self._chance.randrange(1, 6))
        ]
        end = self._chance.choice([b"\n", b"\r\n", b"\r", b"\n\n"])
        body = end.join(lines) + self._chance.choice([b"", end])
        if self._chance.random() < 0.3:
            body = b"[" + b",".join(lines) + self._chance.choice([b"]", b"", b",]"])
            path = f"/v1/submissions:batch?import_mode={self._chance.choice(['atomic', 'partial', self._word()])}"
            return self._request("streams", "POST", path, body, {"Content-Type": "application/json"})
        return self._request("streams", "POST", "/v1/submissions", body, {"Content-Type": "application/x-ndjson"})

    def _workbooks(self) -> Fuzzed:
        junk = self._chance.randbytes(self._chance.randrange(2_000))
        magic = self._chance.choice(
            [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x05\x06" + bytes(18)]
        )
        path, kind = self._chance.choice(
            [("/v1/workbooks", XLSX), ("/upload/64.71", "multipart/form-data; boundary=x")]
        )
        form = b'--x\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n%s\r\n--x--\r\n'
        body = form % (magic + junk) if "multipart" in kind else magic + junk
        return self._request("workbooks", "POST", path, body, {"Content-Type": kind})

    def _encodings(self) -> Fuzzed:
        body = json.dumps(self._report).encode()
        coding = self._chance.choice(["gzip", "zstd", "deflate", "br", "gzip, gzip", "identity", "x" * 300, "", "GZIP"])
        packed = {"gzip": _gzip(body), "zstd": zstandard.compress(body), "deflate": zlib.compress(body)}
        content = self._chance.choice(
            [
                packed.get(coding, body),
                packed.get(coding, body)[:-5],
                packed.get(coding, body) + b"rest",
                self._chance.randbytes(300),
                _bombs().get(coding, body),
                _gzip(_gzip(body)),
                b"",
            ]
        )
        media_type = self._chance.choice(["application/json", "application/x-ndjson"])
        return self._posted("encodings", content, {"Content-Encoding": coding, "Content-Type": media_type})

    # Heads

    def _headers(self) -> Fuzzed:
        given = {self._chance.choice(_ODD_HEADERS): self._value() for _ in range(self._chance.randrange(1, 5))}
        if self._chance.random() < 0.1:
            given |= {f"X-{number}": "y" * 50 for number in range(self._chance.choice([50, 200, 2_000]))}
        if self._chance.random() < 0.1:
            given[self._chance.choice(_ODD_HEADERS)] = "z" * self._chance.choice([9_000, 70_000, 300_000])
        method, path = self._door()
        return self._request("headers", method, path, json.dumps(self._report).encode(), given, whole=False)

    def _paths(self) -> Fuzzed:
        _, path = self._door()
        odd = self._chance.choice(
            [
                *("..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%", "%zz", "//", "/./", "/../", ";x=1", "%2e%2e", "\\"),
                *("a" * 20_000, "é", "*", "http://other/", "#x", "?" * 50, "%c0%ae", "🦅", " "),
            ]
        )
        place = self._chance.randrange(len(path) + 1)
        method = self._chance.choice(
            ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get", ""]
        )
        return self._request("paths", method, path[:place] + odd + path[place:], b"", {}, whole=False)

    def _queries(self) -> Fuzzed:
        method, path = self._door("GET")
        names = ["region", "period", "cursor", "limit", "fiscal_year", "state", "after", "lang", "client", "first_line"]
        query = "&".join(f"{self._chance.choice(names)}={self._quoted(self._text())}" for _ in range(3))
        return self._request("queries", method, f"{path}?{query}", b"", {})

    # Framing

    def _lengths(self) -> Fuzzed:
        body = json.dumps(self._report).encode()
        length = self._chance.choice(
            ["-1", "0", "1", str(len(body) + 10), str(len(body) - 10), "9" * 30, "abc", "", "1, 1", "+5", "0x10", "1e3"]
        )
        more = self._chance.choice(["", "Transfer-Encoding: chunked\r\n", f"Content-Length: {len(body)}\r\n"])
        head = self._head("POST", "/v1/submissions", {"Content-Type": "application/json"})
        return Fuzzed("lengths", head + f"Content-Length: {length}\r\n{more}\r\n".encode() + body, whole=False)

    def _chunks(self) -> Fuzzed:
        body = json.dumps(self._report).encode()
        size = self._chance.choice(
            [f"{len(body):x}", "0", "-1", "zz", "f" * 20, f"{len(body) + 5:x}", "1;ext=" + "x" * 500, " 5"]
        )
        end = self._chance.choice(
            [b"\r\n0\r\n\r\n", b"", b"\r\n", b"\n0\n\n", b"\r\n0\r\nTrailer: x\r\n\r\n", b"\r\n00000\r\n\r\n"]
        )
        kind = self._chance.choice(["chunked", "chunked, gzip", "Chunked", "xchunked", "identity"])
        media_type = self._chance.choice(["application/json", "application/x-ndjson"])
        head = self._head("POST", "/v1/submissions", {"Content-Type": media_type, "Transfer-Encoding": kind})
        return Fuzzed("chunks", head + b"\r\n" + size.encode() + b"\r\n" + body + end, whole=False)

    def _bytes(self) -> Fuzzed:
        good = self._posted("bytes", json.dumps(self._report).encode()).data
        if self._chance.random() < 0.3:
            return Fuzzed("bytes", self._chance.randbytes(self._chance.randrange(1, 400)), whole=False)
        data = bytearray(good)
        for _ in range(self._chance.randrange(1, 12)):
            data[self._chance.randrange(len(data))] = self._chance.randrange(256)
        return Fuzzed(
            "bytes", bytes(data[: self._chance.choice([len(data), self._chance.randrange(len(data))])]), whole=False
        )

    # Parts

    def _posted(self, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> Fuzzed:
        path = self._chance.choice(
            ["/v1/submissions", "/v1/submissions", "/v1/dataValueSets", "/v1/keys", "/v1/submissions:batch"]
        )
        return self._request(kind, "POST", path, body, {"Content-Type": "application/json"} | dict(headers or {}))

    def _request(
        self, kind: str, method: str, path: str, body: bytes, headers: Mapping[str, str], *, whole: bool = True
    ) -> Fuzzed:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return Fuzzed(kind, self._head(method, path, headers) + f"{length}\r\n".encode() + body, whole)

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        token = self._chance.choice(self._tokens)
        given = {"Host": "door", "Authorization": f"Bearer {token}"} | dict(headers)
        lines = "".join(f"{name}: {text}\r\n" for name, text in given.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}".encode("utf-8", "surrogatepass")

    def _door(self, method: str | None = None) -> tuple[str, str]:
        found, path = self._chance.choice([route for route in self._routes if method in {None, route[0]}])
        while "{" in path:
            before, _, rest = path.partition("{")
            text = self._chance.choice(["64.71", "2023Q4", "0123456789ab", self._quoted(self._text())])
            path = before + text + rest.partition("}")[2]
        return found, path

    def _with_a_change(self, odd: Any) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(json.dumps(self._report))
        place: Any = report
        if self._chance.random() < 0.5:
            place = self._chance.choice(
                [report["services"][0], report["submitted_by"], report["services"][0]["recipients"]]
            )
        place[self._chance.choice([*place, self._word()])] = odd
        return report

    def _value(self) -> str:
        return self._chance.choice(
            [*_MEDIA_TYPES, *_ODD_NUMBERS, *_ODD_TEXTS, "gzip", "chunked", "100-continue", "bytes=0-1"]
        )

    def _text(self) -> str:
        if self._chance.random() < 0.6:
            return self._chance.choice(_ODD_TEXTS)
        return "".join(
            chr(self._chance.choice([self._chance.randrange(1, 0x250), self._chance.randrange(0xE000, 0x10FFFF)]))
            for _ in range(8)
        )

    def _word(self) -> str:
        return "".join(self._chance.choices("abcdefghij", k=6))

    @staticmethod
    def _quoted(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
