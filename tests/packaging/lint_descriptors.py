"""Descriptor lint: what DSS would refuse, or silently ignore, before DSS sees it.

`python tests/packaging/lint_descriptors.py [plugin folder]` prints one line a fault and fails when there is one. The
rules are those of DSS's loader; where versions differ, the one that holds for all of 12 to 14.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

PLUGIN_ID = "operations-guide"
MAX_ENTRY_LINES = 40
COMPONENT_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SCRIPT_WORDS = frozenset(
    {"true", "false", "null", "undefined", "typeof", "in", "length", "includes", "indexOf", "model"}
)
INTERPRETERS = {"PYTHON39", "PYTHON310", "PYTHON311"}
SUPPLIED_BY_DSS = ("pandas", "numpy", "flask", "dataiku", "dataikuapi", "requests")

PLUGIN_KEYS = {"id", "version", "meta", "params"}
PLUGIN_META = {"label", "description", "author", "icon", "licenseInfo", "url", "tags", "category", "supportLevel"}
META = {"label", "description", "icon", "category"}
FORM = {"meta", "params", "paramsPythonSetup"}
MACRO_ROLES = {
    "DATASET",
    "DATASETS",
    "API_SERVICE",
    "API_SERVICE_VERSION",
    "BUNDLE",
    "VISUAL_ANALYSIS",
    "SAVED_MODEL",
    "MANAGED_FOLDER",
    "PROJECT_MACROS",
    "PROJECT_CREATOR",
    "CLUSTER",
}
RESULT_TYPES = {"NONE", "HTML", "URL", "RESULT_TABLE", "FILE", "FOLDER_FILE", "JSON_OBJECT"}

PARAM_KEYS = {
    *("type", "name", "label", "description", "defaultValue", "mandatory", "visibilityCondition"),
    *("selectChoices", "getChoicesFromPython", "disableAutoReload", "triggerParameters", "allowDuplicates"),
    *("minI", "maxI", "minD", "maxD", "subParams", "canSelectForeign", "datasetParamName", "parameterSetId"),
    *("apiServiceParamName", "visualAnalysisParamName", "llmUsagePurpose"),
}
TEXT, LIST, OBJECT = (str,), (list,), (dict,)
# What a value of each type is in JSON; None where it depends, or there is none. COLUMN(S) is for recipes alone.
PARAM_TYPES: dict[str, Optional[tuple[type, ...]]] = {
    **dict.fromkeys(("STRING", "TEXTAREA", "PASSWORD", "DATE", "SELECT"), TEXT),
    **dict.fromkeys(("STRINGS", "MULTISELECT", "INTS", "DOUBLES", "ARRAY", "OBJECT_LIST", "KEY_VALUE_LIST"), LIST),
    **dict.fromkeys(("DATASETS", "DATASET_COLUMNS", "CONNECTIONS"), LIST),
    **dict.fromkeys(("PROJECT", "DATASET", "DATASET_COLUMN", "MANAGED_FOLDER", "SAVED_MODEL", "SCENARIO"), TEXT),
    **dict.fromkeys(("CONNECTION", "CODE_ENV", "CLUSTER", "PLUGIN", "API_SERVICE", "API_SERVICE_VERSION"), TEXT),
    **dict.fromkeys(("BUNDLE", "VISUAL_ANALYSIS", "ML_TASK", "LLM", "KNOWLEDGE_BANK"), TEXT),
    "INT": (int,),
    "DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "MAP": OBJECT,
    **dict.fromkeys(("PRESET", "PRESETS", "SEPARATOR")),
}
BOUNDS = {"INT": ("minI", "maxI"), "DOUBLE": ("minD", "maxD")}


@dataclass(frozen=True)
class Plugin:
    root: Path

    def has_module(self, name: str) -> bool:
        return self._module(name).is_file()

    def parsed(self, name: str) -> ast.Module:
        """The code of a module of python-lib; no code where it is another's."""
        path = self._module(name)
        return ast.parse(path.read_text("utf-8") if path.is_file() else "")

    def _module(self, name: str) -> Path:
        path = self.root / "python-lib" / Path(*name.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def lint(root: Path) -> list[str]:
    """Every fault of the plugin at `root`, as "path: what is wrong"."""
    plugin = Plugin(root)
    faults = [*_plugin(plugin), *_code_env(plugin)]
    for folder, kind in KINDS.items():
        for component in sorted(path for path in (root / folder).glob("*") if path.is_dir()):
            faults += (f"{folder}/{component.name}/{fault}" for fault in _component(plugin, component, kind))
    return faults


def _plugin(plugin: Plugin) -> Iterator[str]:
    descriptor = yield from _json(plugin.root / "plugin.json")
    if descriptor is None:
        return
    where = "plugin.json: "
    yield from _keys(where, descriptor, PLUGIN_KEYS)
    yield from _meta(where, descriptor, PLUGIN_META)
    yield from _params(where, descriptor, plugin.root)
    if descriptor.get("id") != PLUGIN_ID:
        yield f"{where}id must stay {PLUGIN_ID!r}: it is part of the type of every component in use"
    library = plugin.root / "python-lib" / "opsguide" / "__init__.py"
    of_library = re.search(r'^__version__ = "(.+)"$', library.read_text("utf-8"), re.M) if library.is_file() else None
    if of_library is None or of_library[1] != descriptor.get("version"):
        yield f"{where}version {descriptor.get('version')!r} is not that of python-lib/opsguide"


def _code_env(plugin: Plugin) -> Iterator[str]:
    folder = plugin.root / "code-env" / "python"
    if not folder.is_dir():
        return
    descriptor = yield from _json(folder / "desc.json")
    if descriptor is None:
        return
    where = "code-env/python/desc.json: "
    if not set(descriptor.get("acceptedPythonInterpreters", ())) >= INTERPRETERS:
        yield f"{where}acceptedPythonInterpreters must have {', '.join(sorted(INTERPRETERS))}"
    if descriptor.get("installCorePackages") is not True:
        yield f"{where}installCorePackages must be true: without it `import dataiku` fails"
    if descriptor.get("corePackagesSet") != "AUTO":
        yield f"{where}corePackagesSet must be AUTO: a set that a DSS version does not know cannot be built there"
    requirements = folder / "spec" / "requirements.txt"
    for line in requirements.read_text("utf-8").splitlines() if requirements.is_file() else ():
        name = re.split(r"[^A-Za-z0-9_.-]", line.strip(), maxsplit=1)[0].lower()
        if name in SUPPLIED_BY_DSS:
            yield f"code-env/python/spec/requirements.txt: {name} comes with DSS and must not be listed"


def _json(path: Path) -> Any:
    """Yields faults; returns the object, or None."""
    try:
        descriptor = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        yield f"{path.name}: is missing"
        return None
    except ValueError as error:
        yield f"{path.name}: is not strict JSON: {error}"
        return None
    if not isinstance(descriptor, dict):
        yield f"{path.name}: is not an object"
        return None
    return descriptor


def _keys(where: str, found: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for key in sorted(set(found) - known):
        yield f"{where}DSS ignores the key {key!r}"


def _meta(where: str, descriptor: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    meta = descriptor.get("meta")
    if not isinstance(meta, dict):
        yield f"{where}meta is missing"
        return
    yield from _keys(f"{where}meta: ", meta, known)
    for key in ("label", "description"):
        if not isinstance(meta.get(key), str):
            yield f"{where}meta.{key} is missing: DSS's screens break without it"
    if not meta.get("label"):
        yield f"{where}meta.label is empty"


# --- parameters ------------------------------------------------------------------------------------------------------


def _params(where: str, descriptor: Mapping[str, Any], root: Path, key: str = "params") -> Iterator[str]:
    params = descriptor.get(key)
    if not isinstance(params, list):
        yield f"{where}{key} is missing: DSS's screens break without it; write []"
        return
    names = [param.get("name") for param in params if isinstance(param, dict) and "name" in param]
    for param in params:
        if not isinstance(param, dict):
            yield f"{where}{key}: {param!r} is not an object"
            continue
        yield from _param(f"{where}{key}: {param.get('name', param.get('type'))}: ", param, names, descriptor, root)


def _param(
    where: str, param: Mapping[str, Any], names: list[Any], descriptor: Mapping[str, Any], root: Path
) -> Iterator[str]:
    kind, name = param.get("type"), param.get("name")
    yield from _keys(where, param, PARAM_KEYS)
    if kind not in PARAM_TYPES:
        yield f"{where}type {kind!r} is not known here"
        return
    if kind == "SEPARATOR":
        return
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        yield f"{where}name must be an identifier"
    if names.count(name) > 1:
        yield f"{where}there are two of that name"
    if not param.get("label"):
        yield f"{where}label is missing"
    yield from _default(where, param)
    yield from _choices(where, param, descriptor, root)
    for other in _named_in_condition(str(param.get("visibilityCondition", ""))) - set(names):
        yield f"{where}visibilityCondition names {other!r}, which is no parameter"
    if kind in ("DATASET_COLUMN", "DATASET_COLUMNS") and param.get("datasetParamName") not in names:
        yield f"{where}datasetParamName must name a parameter"


def _named_in_condition(condition: str) -> set[str]:
    """Parameters in a condition such as `model.mode == 'x' && !dry`; texts in quotes and `model.` itself are not."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", condition)
    return set(re.findall(r"[A-Za-z_]\w*", bare)) - SCRIPT_WORDS


def _default(where: str, param: Mapping[str, Any]) -> Iterator[str]:
    kind, default = param["type"], param.get("defaultValue")
    if default is None:
        return
    expected = PARAM_TYPES[kind]
    if expected is not None and (
        not isinstance(default, expected) or (isinstance(default, bool) and bool not in expected)
    ):
        yield f"{where}defaultValue {default!r} is not a value of {kind}"
        return
    low, high = (param.get(bound) for bound in BOUNDS.get(kind, ("", "")))
    if (low is not None and default < low) or (high is not None and default > high):
        yield f"{where}defaultValue {default!r} is out of its bounds"


def _choices(where: str, param: Mapping[str, Any], descriptor: Mapping[str, Any], root: Path) -> Iterator[str]:
    if param["type"] not in ("SELECT", "MULTISELECT"):
        return
    choices, dynamic = param.get("selectChoices"), param.get("getChoicesFromPython") is True
    if (choices is None) != dynamic:
        yield f"{where}needs exactly one of selectChoices and getChoicesFromPython"
        return
    if dynamic:
        setup = descriptor.get("paramsPythonSetup")
        if not setup or not (root / "resource" / str(setup)).is_file():
            yield f"{where}getChoicesFromPython needs paramsPythonSetup, a file in resource/"
        return
    if not all(isinstance(choice, dict) and {"value", "label"} <= set(choice) for choice in choices):
        yield f"{where}every one of selectChoices needs value and label"
        return
    default = param.get("defaultValue")
    chosen = default if isinstance(default, list) else [default] if default is not None else []
    for value in set(chosen) - {choice["value"] for choice in choices}:
        yield f"{where}defaultValue {value!r} is none of its choices"


# --- components ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """`file` is the name of descriptor and code without suffix; `code` the name of the code where it differs."""

    file: str
    keys: set[str]
    describe: Callable[[Mapping[str, Any]], Iterator[str]]
    read: Callable[[Plugin, ast.Module], Iterator[str]]
    code: str = ""


def _component(plugin: Plugin, folder: Path, kind: Kind) -> Iterator[str]:
    if not COMPONENT_ID.fullmatch(folder.name):
        yield "is no id: lower case words joined by '-'"
    descriptor = yield from _json(folder / f"{kind.file}.json")
    if descriptor is not None:
        where = f"{kind.file}.json: "
        yield from _keys(where, descriptor, kind.keys)
        yield from _meta(where, descriptor, META)
        yield from _params(where, descriptor, plugin.root)
        if "adminParams" in descriptor:
            yield from _params(where, descriptor, plugin.root, "adminParams")
        yield from (where + fault for fault in kind.describe(descriptor))
    code = kind.code or f"{kind.file}.py"
    yield from (f"{code}: {fault}" for fault in _entry(plugin, folder / code, kind))
    if kind.file == "webapp":
        for name in ("app.js", "body.html", "style.css"):
            if not (folder / name).is_file():
                yield f"{name}: is missing; DSS wants it even when empty"


def _entry(plugin: Plugin, path: Path, kind: Kind) -> Iterator[str]:
    if not path.is_file():
        yield "is missing"
        return
    source = path.read_text("utf-8")
    if len(source.splitlines()) > MAX_ENTRY_LINES:
        yield f"has more than {MAX_ENTRY_LINES} lines: its work belongs in python-lib"
    try:
        tree = ast.parse(source, feature_version=(3, 9))
    except SyntaxError as error:
        yield f"is not Python 3.9: {error.msg} in line {error.lineno}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"line {node.lineno}: a relative import fails: DSS runs the text of the file, not a package"
        if isinstance(node, ast.Name) and node.id == "__file__":
            yield f"line {node.lineno}: __file__ means nothing here"
        if isinstance(node, ast.Subscript) and _is_config(node.value):
            yield f"line {node.lineno}: read parameters with .get and a default: only DSS's form fills in defaults"
    yield from kind.read(plugin, tree)


def _is_config(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in ("config", "plugin_config")


def _describe_macro(descriptor: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(descriptor.get("impersonate"), bool):
        yield "impersonate must be true or false"
    for permission in set(descriptor.get("permissions", ())) - {"ADMIN", "READ_CONF", "WRITE_CONF"}:
        yield f"permission {permission!r} is none of ADMIN, READ_CONF, WRITE_CONF"
    if "permissions" not in descriptor:
        yield "permissions is missing: write [] where none is meant"
    if descriptor.get("resultType") not in RESULT_TYPES:
        yield f"resultType {descriptor.get('resultType')!r} is none of {', '.join(sorted(RESULT_TYPES))}"
    if descriptor.get("resultType") == "FILE" and not (descriptor.get("extension") and descriptor.get("mimeType")):
        yield "a FILE needs extension and mimeType"
    roles = descriptor.get("macroRoles") or []
    names = {param.get("name") for param in descriptor.get("params") or () if isinstance(param, dict)}
    for role in roles:
        if role.get("type") not in MACRO_ROLES:
            yield f"macroRoles: type {role.get('type')!r} is not known"
        for target in [role.get("targetParamsKey"), *role.get("targetParamsKeys", ())]:
            if target is not None and target not in names:
                yield f"macroRoles: {target!r} is no parameter"
    if roles and not any(role.get("type") == "PROJECT_MACROS" for role in roles):
        yield "macroRoles without PROJECT_MACROS: it would not be in the project's list of macros"


def _describe_probe(descriptor: Mapping[str, Any]) -> Iterator[str]:
    if descriptor.get("handlesDataset") is not True and descriptor.get("handlesManagedFolder") is not True:
        yield "neither handlesDataset nor handlesManagedFolder is true: it would never be offered"


def _describe_webapp(descriptor: Mapping[str, Any]) -> Iterator[str]:
    if descriptor.get("baseType") != "STANDARD":
        yield "baseType must be STANDARD"
    if descriptor.get("hasBackend") not in (True, "true"):
        yield "hasBackend must be true"
    if not isinstance(descriptor.get("roles"), list):
        yield "roles is missing: DSS's screens break without it; write []"
    if "dataiku" not in (descriptor.get("standardWebAppLibraries") or ()):
        yield "standardWebAppLibraries must have dataiku: it gives the page getWebAppBackendUrl"


def _describe_nothing_more(descriptor: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


def _read_macro(plugin: Plugin, tree: ast.Module) -> Iterator[str]:
    yield from _one_subclass(plugin, tree, "Runnable")
    for defined in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        methods = {node.name: node.args for node in defined.body if isinstance(node, ast.FunctionDef)}
        expected = {"__init__": 4, "get_progress_target": 1, "run": 2}
        for name, arity in expected.items():
            if name not in methods:
                yield f"{defined.name}.{name} is missing"
            elif _arity(methods[name]) != arity:
                yield f"{defined.name}.{name} must take {arity} arguments, self included"


def _read_function(most: int) -> Callable[[Plugin, ast.Module], Iterator[str]]:
    def read(plugin: Plugin, tree: ast.Module) -> Iterator[str]:
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        if set(functions) != {"process"}:
            yield "must define the one function process, and no other"
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module = f"{node.module}.{alias.name}"
                    if not alias.name[0].isupper() and not plugin.has_module(module):
                        yield f"line {node.lineno}: import the module, not {alias.name}: DSS counts imported functions"
        if "process" not in functions:
            return
        arguments = functions["process"].args
        if _arity(arguments) > most:
            yield f"process takes more than {most} arguments: DSS passes no more; config is a global"
        if arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
            yield "process must have plain positional arguments only"
        if functions["process"].returns or any(argument.annotation for argument in arguments.args):
            yield "process must have no annotations: older versions refuse them"

    return read


def _read_class(base: str) -> Callable[[Plugin, ast.Module], Iterator[str]]:
    return lambda plugin, tree: _one_subclass(plugin, tree, base)


def _read_backend(plugin: Plugin, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "app" for to in node.targets):
            yield f"line {node.lineno}: never assign app: DSS's own has its health check"
        if isinstance(node, ast.Constant) and node.value == "/__ping":
            yield f"line {node.lineno}: /__ping is DSS's own"


def _read_nothing_more(plugin: Plugin, tree: ast.Module) -> Iterator[str]:
    yield from ()


def _arity(arguments: ast.arguments) -> int:
    return len(arguments.posonlyargs) + len(arguments.args)


def _one_subclass(plugin: Plugin, tree: ast.Module, base: str) -> Iterator[str]:
    """DSS takes the one subclass that it sees among all names of the module, imported ones included."""
    if [base in _bases(node) for node in tree.body].count(True) != 1:
        yield f"must define exactly one subclass of {base}"
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            imported = {alias.name for alias in node.names}
            for defined in plugin.parsed(node.module).body:
                if base in _bases(defined) and defined.name in imported:
                    yield f"line {node.lineno}: import the module, not the class {defined.name}: DSS counts it too"


def _bases(node: ast.stmt) -> list[str]:
    return [ast.unparse(base).split(".")[-1] for base in node.bases] if isinstance(node, ast.ClassDef) else []


KINDS = {
    "python-runnables": Kind(
        "runnable",
        {*FORM, "impersonate", "permissions", "requiresGlobalAdmin", "resultType", "resultLabel", "extension"}
        | {"mimeType", "macroRoles", "adminParams"},
        _describe_macro,
        _read_macro,
    ),
    "python-probes": Kind(
        "probe", {*FORM, "handlesDataset", "handlesManagedFolder"}, _describe_probe, _read_function(2)
    ),
    "python-checks": Kind("check", FORM, _describe_nothing_more, _read_function(3)),
    "python-steps": Kind("step", FORM, _describe_nothing_more, _read_nothing_more),
    "python-agent-tools": Kind("tool", {*FORM, "id"}, _describe_nothing_more, _read_class("BaseAgentTool")),
    "python-project-standards-check-specs": Kind(
        "project_standards_check_spec",
        {*FORM, "tags"},
        _describe_nothing_more,
        _read_class("ProjectStandardsCheckSpec"),
    ),
    "webapps": Kind(
        "webapp",
        {*FORM, "baseType", "hasBackend", "noJSSecurity", "standardWebAppLibraries", "roles"},
        _describe_webapp,
        _read_backend,
        code="backend.py",
    ),
}


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    faults = lint(root)
    print("\n".join(faults) or "descriptors: no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
