"""Plugins on disk: which components a directory holds, under which type ids DSS knows them, and what DSS would stumble
over in their descriptors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Optional

from .descriptors import NotReadable, flag, parse


@dataclass(frozen=True)
class Kind:
    """One kind of component: where it lives, and how DSS names its types."""

    name: str
    folder: str
    descriptor: str
    code: str
    type_prefix: str

    def type_id(self, plugin_id: str, component_id: str) -> str:
        return f"{self.type_prefix}{plugin_id}_{component_id}"


MACRO = Kind("macro", "python-runnables", "runnable.json", "runnable.py", "pyrunnable_")
PROBE = Kind("probe", "python-probes", "probe.json", "probe.py", "py_plugin_")
CHECK = Kind("check", "python-checks", "check.json", "check.py", "custom_python_")
STEP = Kind("step", "python-steps", "step.json", "step.py", "pystep_")
WEBAPP = Kind("webapp", "webapps", "webapp.json", "backend.py", "webapp_")
TOOL = Kind("agent tool", "python-agent-tools", "tool.json", "tool.py", "Custom_agent_tool_")
# The prefix of this one is known from no source: whoever needs it must discover it.
STANDARD = Kind(
    "project standards check",
    "python-project-standards-check-specs",
    "project_standards_check_spec.json",
    "project_standards_check_spec.py",
    "project_standards_check_spec_",
)
KINDS = (MACRO, PROBE, CHECK, STEP, WEBAPP, TOOL, STANDARD)


@dataclass(frozen=True)
class PluginDir:
    """A plugin as it lies on disk. Components are read when asked for, so that an edited file counts at once."""

    path: Path

    @cached_property
    def id(self) -> str:
        return str(self.descriptor.get("id") or self.path.name)

    @property
    def descriptor(self) -> dict[str, Any]:
        return _read(self.path / "plugin.json")[0]

    @property
    def python_lib(self) -> Path:
        return self.path / "python-lib"

    @property
    def resource(self) -> Path:
        return self.path / "resource"

    @property
    def label(self) -> str:
        return _label(self.descriptor, self.id)

    def components(self, kind: Optional[Kind] = None) -> list[Component]:
        """Every component (of one kind), by id; a folder without its descriptor is none, as in DSS."""
        found = []
        for each in KINDS if kind is None else (kind,):
            for folder in sorted((self.path / each.folder).glob("*/")):
                if (folder / each.descriptor).is_file():
                    found.append(_component(self, each, folder))
        return found

    def component(self, kind: Kind, type_id: str) -> Optional[Component]:
        return next((each for each in self.components(kind) if each.type_id == type_id), None)

    def warnings(self) -> list[str]:
        """What DSS would stumble over in the plugin's own files; each component carries its own."""
        descriptor, warnings = _read(self.path / "plugin.json")
        warnings += [f"{key} is missing" for key in ("id", "version", "meta") if not descriptor.get(key)]
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.id):
            warnings.append(f"id {self.id!r}: only letters, digits, _ and - are allowed")
        env = self.path / "code-env/python/desc.json"
        if env.is_file() and not _read(env)[0].get("corePackagesSet"):
            warnings.append("code-env/python/desc.json: without corePackagesSet an old pandas is chosen; write AUTO")
        return warnings + _param_warnings(descriptor)


@dataclass(frozen=True)
class Component:
    """One component: its descriptor as read, its source as text, and the warnings about both."""

    plugin: PluginDir
    kind: Kind
    id: str
    path: Path
    descriptor: dict[str, Any]
    warnings: tuple[str, ...] = field(default=())

    @property
    def type_id(self) -> str:
        return self.kind.type_id(self.plugin.id, self.id)

    @property
    def label(self) -> str:
        return _label(self.descriptor, self.id)

    @property
    def source(self) -> str:
        """The code, as DSS hands it over: text."""
        return (self.path / self.kind.code).read_text("utf-8")

    @property
    def source_name(self) -> str:
        """How the code is called in a traceback."""
        return f"{self.kind.folder}/{self.id}/{self.kind.code}"

    def text(self, name: str) -> str:
        """A sibling file, "" when it is not there."""
        file = self.path / name
        return file.read_text("utf-8") if file.is_file() else ""


def _component(plugin: PluginDir, kind: Kind, folder: Path) -> Component:
    descriptor, warnings = _read(folder / kind.descriptor)
    bare = Component(plugin, kind, folder.name, folder, descriptor)
    return Component(plugin, kind, folder.name, folder, descriptor, tuple(warnings + _lint(bare)))


def find(plugins: list[PluginDir], kind: Kind, type_id: str) -> Optional[Component]:
    """The component of that type among the installed plugins."""
    for plugin in plugins:
        component = plugin.component(kind, type_id)
        if component is not None:
            return component
    return None


def _read(file: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        value, refusal = parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, NotReadable) as error:
        return {}, [f"{file.name} cannot be read: {error}"]
    if not isinstance(value, dict):
        return {}, [f"{file.name} holds no object"]
    return value, [f"{file.name}: {refusal}"] if refusal else []


def _label(descriptor: dict[str, Any], otherwise: str) -> str:
    meta = descriptor.get("meta")
    return str((isinstance(meta, dict) and meta.get("label")) or otherwise)


# Under this very path in every DSS, and run beside the backend even where other plugins run in containers.
BUILT_IN = PluginDir(Path(__file__).parent.parent / "builtin" / "builtin-macros")


# --- lint -----------------------------------------------------------------------------------------------------------

RESULT_TYPES = ("NONE", "HTML", "URL", "RESULT_TABLE", "FILE", "FOLDER_FILE", "JSON_OBJECT")
_PARAM_TYPES = """
    STRING TEXTAREA PASSWORD STRINGS INT DOUBLE INTS DOUBLES BOOLEAN
    DATE SELECT MULTISELECT MAP KEY_VALUE_LIST ARRAY OBJECT_LIST PROJECT DATASET
    DATASETS DATASET_COLUMN DATASET_COLUMNS MANAGED_FOLDER SAVED_MODEL SCENARIO CONNECTION CONNECTIONS CODE_ENV
    CLUSTER PLUGIN API_SERVICE API_SERVICE_VERSION BUNDLE VISUAL_ANALYSIS ML_TASK LLM KNOWLEDGE_BANK
    PRESET PRESETS CREDENTIAL_REQUEST SEPARATOR MODEL FOLDER
"""
PARAM_TYPES = frozenset(_PARAM_TYPES.split())
_MISSPELT = {"default": "defaultValue", "options": "selectChoices", "choices": "selectChoices", "required": "mandatory"}
_DEFAULT_TYPES: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "TEXTAREA": (str,),
    "SELECT": (str,),
    "INT": (int,),
    "DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "STRINGS": (list,),
    "MULTISELECT": (list,),
    "DATASETS": (list,),
    "MAP": (dict,),
}


def _lint(component: Component) -> list[str]:
    kind, descriptor = component.kind, component.descriptor
    warnings = []
    if "_" in component.id:
        warnings.append("'_' in the id: it also parts the plugin from the component in type ids; prefer '-'")
    meta = descriptor.get("meta")
    warnings += [f"meta.{key} is missing" for key in ("label", "description") if key not in (meta or {})]
    if kind is not STANDARD and kind is not TOOL and "params" not in descriptor:
        warnings.append("params is missing: write []")
    if kind is not WEBAPP and not (component.path / kind.code).is_file():
        warnings.append(f"{kind.code} is missing")
    more = {MACRO: _lint_macro, PROBE: _lint_probe, WEBAPP: _lint_webapp}.get(kind)
    return warnings + (more(component) if more else []) + _param_warnings(descriptor)


def _lint_macro(component: Component) -> list[str]:
    descriptor, warnings = component.descriptor, []
    result = descriptor.get("resultType")
    if result not in RESULT_TYPES:
        warnings.append(f"resultType {result!r} is none of {', '.join(RESULT_TYPES)}")
    if result == "FILE" and not (descriptor.get("extension") and descriptor.get("mimeType")):
        warnings.append("a FILE needs extension and mimeType")
    for permission in descriptor.get("permissions") or []:
        if permission not in ("ADMIN", "READ_CONF", "WRITE_CONF"):
            warnings.append(f"permission {permission!r} is unknown")
    roles = [role.get("type") for role in descriptor.get("macroRoles") or []]
    if roles and "PROJECT_MACROS" not in roles:
        warnings.append("not in the Macros screen: macroRoles lacks PROJECT_MACROS")
    if "PROJECT_CREATOR" in roles and result != "JSON_OBJECT":
        warnings.append("a project creator must give JSON_OBJECT")
    return warnings


def _lint_probe(component: Component) -> list[str]:
    handled = [key for key in ("handlesDataset", "handlesManagedFolder") if flag(component.descriptor.get(key))]
    return [] if handled else ["never offered: neither handlesDataset nor handlesManagedFolder is true"]


def _lint_webapp(component: Component) -> list[str]:
    descriptor = component.descriptor
    warnings = [f"{name} is missing: some versions fail to load" for name in _missing_front(component)]
    if descriptor.get("baseType") not in ("STANDARD", "BOKEH", "DASH", "SHINY"):
        warnings.append(f"baseType {descriptor.get('baseType')!r} is unknown")
    if flag(descriptor.get("hasBackend")) and not (component.path / "backend.py").is_file():
        warnings.append("hasBackend without backend.py")
    if "dataiku" not in (descriptor.get("standardWebAppLibraries") or []):
        warnings.append("standardWebAppLibraries lacks dataiku: the page has no getWebAppBackendUrl")
    if "roles" not in descriptor:
        warnings.append("roles is missing: write []")
    return warnings


def _missing_front(component: Component) -> list[str]:
    return [name for name in ("body.html", "app.js", "style.css") if not (component.path / name).is_file()]


def _param_warnings(descriptor: dict[str, Any]) -> list[str]:
    warnings = []
    params = [each for key in ("params", "adminParams") for each in descriptor.get(key) or [] if isinstance(each, dict)]
    names = {str(param.get("name")) for param in params}
    for param in params:
        warnings += [f"{param.get('name') or param.get('label')}: {text}" for text in _one_param(param, names)]
    return warnings


def _one_param(param: dict[str, Any], names: set[str]) -> list[str]:
    warnings, kind = [], param.get("type")
    if kind not in PARAM_TYPES:
        warnings.append(f"type {kind!r} is unknown")
    if kind != "SEPARATOR" and not str(param.get("name", "")).isidentifier():
        warnings.append("the name must be an identifier")
    warnings += [f"'{wrong}' is ignored: write '{right}'" for wrong, right in _MISSPELT.items() if wrong in param]
    default = param.get("defaultValue")
    fitting = _DEFAULT_TYPES.get(str(kind))
    misfit = fitting and (not isinstance(default, fitting) or (isinstance(default, bool) and bool not in fitting))
    if default is not None and misfit:
        warnings.append(f"defaultValue {default!r} does not fit {kind}")
    if kind in ("SELECT", "MULTISELECT") and ("selectChoices" in param) == flag(param.get("getChoicesFromPython")):
        warnings.append("needs exactly one of selectChoices and getChoicesFromPython")
    for name in re.findall(r"\bmodel\.(\w+)", str(param.get("visibilityCondition") or "")):
        if name not in names:
            warnings.append(f"visibilityCondition names no parameter of the form: {name}")
    return warnings
