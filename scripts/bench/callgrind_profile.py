"""Reads a callgrind profile and says where the instructions went."""

import collections
import re

# Which group a function belongs to: by its name first, then by the library that holds it.
NAMES = (
    ("malloc", r"malloc$|free$|calloc$|realloc$|operator new|operator delete|tcmalloc::|tc_"
               r"|posix_memalign|aligned_alloc|memalign"),
    ("ours", r"(non-virtual thunk to |vtable for )?tournant::"),
    ("protobuf", r"google::protobuf::|inference::Model|inference::Infer"),
    ("gRPC", r"grpc::|grpc_|inference::GRPCInferenceService"),
    ("Torch", r"at::|c10::|torch::|caffe2::"),
    ("abseil", r"absl::"),
)
OBJECTS = (
    ("malloc", r"libtcmalloc|libmimalloc|libjemalloc"),
    ("gRPC", r"libgrpc|libgpr|libupb|libaddress_sorting|libcares|libre2"),
    ("protobuf", r"libprotobuf"),
    ("Torch", r"libtorch|libc10|libgomp|libmkl|libshm"),
    ("abseil", r"libabsl"),
    ("libc", r"libc\.so|ld-linux|libstdc\+\+|libm\.so|libgcc|vdso|libpthread"),
)
OWNERS = {"grpc": "gRPC", "inference": "protobuf", "google": "protobuf",
          "c10": "Torch", "at": "Torch", "absl": "abseil"}
GROUPS = ("gRPC", "protobuf", "malloc", "abseil", "libc", "Torch", "ours", "other")
# What works for whoever calls it, so that its cost is also shown as the caller's.
SERVANTS = {"protobuf", "malloc", "abseil", "libc"}


def group_of(name, obj):
    for group, pattern in NAMES:
        if re.match(pattern, name):
            return group
    for group, pattern in OBJECTS:
        if re.search(pattern, obj):
            return group
    # A template that lives in the binary: it is ours if it names us, or the first named's.
    if "tournant::" in name:
        return "ours"
    inner = re.search(r"\b(grpc|inference|google|c10|at|absl)::", name)
    if inner:
        return OWNERS[inner.group(1)]
    return "libc" if "std::" in name or "__gnu_cxx" in name else "other"


class Profile:
    """Self cost of every function and inclusive cost of every call edge."""

    def __init__(self, path):
        self.self_cost = collections.Counter()  # function -> instructions
        self.edges = collections.defaultdict(lambda: [0, 0])  # (caller, callee) -> [calls, cost]
        self.groups = {}
        self._read(path)

    def _read(self, path):
        names = {}  # (kind, id) -> text; callgrind writes a name once and its number from then on

        def text(kind, value):
            number, _, rest = value.partition(" ")
            if not number.startswith("("):
                return value
            if rest:
                names[kind, number] = rest
            return names[kind, number]

        obj = called_obj = function = callee = None
        # Of the call whose cost comes next. 0 is a call that began before counting did.
        calls = None
        with open(path) as lines:
            for line in lines:
                key, equals, value = line.rstrip("\n").partition("=")
                if key == "ob":
                    obj = text("ob", value)
                elif key == "fn":
                    function = self._function(text("fn", value), obj)
                    called_obj = obj
                elif key == "cob":
                    called_obj = text("ob", value)
                elif key == "cfn":
                    callee = self._function(text("fn", value), called_obj)
                elif key == "calls":
                    calls = int(value.split()[0])
                elif line[0].isdigit() or line[0] in "+-*":
                    parts = line.split()
                    cost = int(parts[1]) if len(parts) > 1 else 0
                    if calls is not None:
                        if callee != function:
                            edge = self.edges[function, callee]
                            edge[0] += calls
                            edge[1] += cost
                        calls, called_obj = None, obj
                    else:
                        self.self_cost[function] += cost

    def _function(self, name, obj):
        name = re.sub(r"'\d+$", "", name)  # "'2" marks a level of recursion
        if name.startswith("0x"):
            name += f" [{(obj or '').rpartition('/')[2]}]"
        self.groups.setdefault(name, group_of(name, obj or ""))
        return name

    def total(self):
        return sum(self.self_cost.values())

    def by_group(self):
        """Group -> instructions in its own functions."""
        result = collections.Counter()
        for name, cost in self.self_cost.items():
            result[self.groups[name]] += cost
        return result

    def with_servants(self):
        """Function -> its own instructions and those of the malloc, protobuf, libc and abseil
        functions that it called."""
        result = collections.Counter(self.self_cost)
        for (caller, callee), (_, cost) in self.edges.items():
            if self.groups[callee] in SERVANTS and self.groups[caller] not in SERVANTS:
                result[caller] += cost
        return result

    def calls_of(self):
        result = collections.Counter()
        for (_, callee), (calls, _) in self.edges.items():
            result[callee] += calls
        return result

    def inclusive(self, prefix):
        """(calls, instructions) of the functions whose names start so, with all that they call."""
        found = [edge for (_, callee), edge in self.edges.items() if callee.startswith(prefix)]
        return sum(edge[0] for edge in found), sum(edge[1] for edge in found)
