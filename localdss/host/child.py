"""The process a component runs in: a fresh interpreter that knows nothing of the local DSS but the stand-in `dataiku`.

Orders come as JSON lines on stdin and the process ends with it; answers leave on a pipe of their own (dataiku._host).
The component's code arrives as text and is loaded by the rules of DSS 9.0.5, the only ones known to the letter."""

import base64
import importlib.util
import inspect
import json
import linecache
import os
import sys
import threading
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

sys.path.pop(0)  # this script's own folder: components must not see the host's modules

from dataiku import _host


class Refused(Exception):
    """DSS would refuse this component, or what it gave back."""


def main():
    orders = (json.loads(line) for line in sys.stdin)
    order = next(orders)
    answer = ANSWERS[order["kind"]]
    if order["kind"] == "do":
        for each in _chain(order, orders):
            _answer(answer, each)
        return
    # Nobody waits for an answer once stdin is closed: the host is gone, or has given up on this run.
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    _answer(answer, order)


def _end_with_stdin():
    while os.read(0, 4096):
        pass
    os._exit(1)


def _chain(first, rest):
    yield first
    yield from rest


def _answer(answer, order):
    try:
        _host.emit(kind="answer", **answer(order))
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever the component raises is its answer
        message = error.args[0] if error.args else ""
        _host.emit(
            kind="failure",
            errorType=f"{type(error).__module__}.{type(error).__qualname__}",
            message=message if isinstance(message, str) else str(message),
            traceback=traceback.format_exc(),
            refused=isinstance(error, Refused),
        )


# --- loading --------------------------------------------------------------------------------------------------------


def execute(order, namespace):
    """Run the source text in `namespace`, in a way that tracebacks show its lines."""
    source, name = order["source"], f"<{order['sourceName']}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)
    return namespace


def sole_function(namespace, name):
    """All plain functions count, imported ones included: a single one is taken whatever its name."""
    functions = [value for value in namespace.values() if inspect.isfunction(value)]
    if len(functions) == 1:
        return functions[0]
    found = namespace.get(name)
    if not inspect.isfunction(found):
        raise Refused(f'No function "{name}" defined')
    return found


def positional(function):
    return len(inspect.getfullargspec(function).args)


def bare(function):
    """DSS 9.0.5 read signatures with `inspect.getargspec`, which knows neither annotations nor keyword-only arguments."""
    spec = inspect.getfullargspec(function)
    if spec.kwonlyargs or spec.annotations:
        what = "keyword-only arguments" if spec.kwonlyargs else "annotations"
        raise Refused(f"Function {function.__name__} has {what}: DSS 9 refuses it, write plain positional arguments")
    return function


def sole_class(module_names, base):
    """The one subclass of `base` among the module's names; imported ones count too."""
    found = {value for value in module_names if isinstance(value, type) and issubclass(value, base) and value != base}
    if len(found) > 1:
        names = ", ".join(sorted(each.__name__ for each in found))
        raise Refused(f"Multiple classes inheriting {base.__name__}: {names}")
    if not found:
        raise Refused(f"No class inheriting {base.__name__}")
    return found.pop()


def as_module(order):
    """The source written to a throw-away file and imported: it has no lasting path and no package."""
    file = Path.cwd() / "throwaway_component.py"
    file.write_text(order["source"], "utf-8")
    spec = importlib.util.spec_from_file_location("throwaway_component", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- macro ----------------------------------------------------------------------------------------------------------


def macro(order):
    from dataiku.runnables import Runnable

    kind = sole_class(vars(as_module(order)).values(), Runnable)
    arity = positional(kind.__init__) if inspect.isfunction(kind.__init__) else 1
    if arity not in (1, 2, 3, 4):
        raise Refused(f"Wrong signature of {kind.__name__}: it takes none to (project_key, config, plugin_config)")
    instance = kind(*(order["projectKey"], order["config"], order["pluginConfig"])[: arity - 1])
    return _content(instance.run(_progress(instance.get_progress_target())))


def _progress(goal):
    if goal is None:
        return lambda current: print(f"Progress: {current}")
    if not isinstance(goal, tuple):
        raise Refused(f"get_progress_target gives None or a tuple (target, unit), not {goal!r}")
    target, unit = (*goal, *(-1, "NONE")[len(goal) :])[:2]
    _host.emit(kind="progress", target=target, unit=unit, current=0)

    def report(current):
        _host.emit(kind="progress", target=target, unit=unit, current=current)

    return report


def _content(result):
    """What a macro gave back, as bytes, and what it was."""
    if callable(getattr(result, "to_json", None)):
        result = result.to_json()
    elif isinstance(result, dict):
        result = json.dumps(result, allow_nan=False)
    given = type(result).__name__
    if isinstance(result, str):
        result = result.encode("utf-8")
    content = bytes(result) if isinstance(result, (bytes, bytearray)) else b""
    return {"given": given, "content": base64.b64encode(content).decode("ascii")}


# --- probe and check ------------------------------------------------------------------------------------------------


class Target(NamedTuple):
    """The object a probe or check looks at."""

    kind: str
    name: str

    def opened(self):
        import dataiku

        openers = {
            "DATASET": dataiku.Dataset,
            "MANAGED_FOLDER": dataiku.Folder,
            "SAVED_MODEL": dataiku.Model,
            "MODEL_EVALUATION_STORE": dataiku.ModelEvaluationStore,
        }
        return openers[self.kind](self.name)


def probe(order):
    process = _process(order)
    arity = positional(process)
    arguments = (Target(order["objectType"], order["fullName"]).opened(), order["partitionId"])[:arity]
    values = process(*arguments)
    if not isinstance(values, dict):
        values = {"value": values}
    return {"metrics": {str(name): _typed(value) for name, value in values.items()}}


def check(order):
    from dataiku.core.metrics import MetricDataPoint

    process = _process(order)
    last_values = {each["metric"]["id"]: MetricDataPoint(each) for each in order["lastValues"]}
    target = Target(order["objectType"], order["fullName"])
    arguments = (last_values, target.opened(), order["partitionId"])[: positional(process)]
    return _verdict(process(*arguments))


def _process(order):
    names = {"config": order["config"], "plugin_config": order["pluginConfig"]}
    return bare(sole_function(execute(order, names), "process"))


def _typed(value):
    kind = None
    if isinstance(value, tuple):
        if len(value) != 2 or not hasattr(value[1], "name"):
            raise Refused(f"A metric is a value or (value, MetricDataTypes.X), not {value!r}")
        value, kind = value[0], value[1].name
    if isinstance(value, (datetime, date)):
        value, kind = value.isoformat(), "DATE"
    json.dumps(value, allow_nan=False)
    return [value, kind or _inferred(value)]


def _inferred(value):
    kinds = ((bool, "BOOLEAN"), (int, "BIGINT"), (float, "DOUBLE"), (list, "ARRAY"), (dict, "OBJECT"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "STRING")


OUTCOMES = ("OK", "WARNING", "ERROR")


def _verdict(result):
    """DSS 9 goes by the first letter, newer ones are documented to go by the word: both must say the same."""
    if isinstance(result, dict):
        outcome, message = result.get("result"), result.get("message")
    elif isinstance(result, (tuple, list)) and len(result) == 2:
        outcome, message = result
    else:
        outcome, message = result, None
    word = outcome if isinstance(outcome, str) else ""
    letter = next((each for each in OUTCOMES if word and each[0] == word[0].upper()), None)
    exact = word if word in OUTCOMES else None
    if letter is None and exact is None:
        raise Refused(f"A check gives OK, WARNING or ERROR (and a message), not {outcome!r}")
    if letter != exact:
        raise Refused(f"Outcome {outcome!r} reads as {letter} by its first letter (DSS 9) but is not that word")
    if message is not None and not isinstance(message, str):
        raise Refused(f"The message of a check is text, not {type(message).__name__}")
    return {"outcome": exact, "message": message or ""}


# --- the others -----------------------------------------------------------------------------------------------------


def do(order):
    """Choices of a form field. The process stays: the second order finds the function loaded."""
    function = _loaded_do(order)
    arity = positional(function)
    if arity > 4:
        raise Refused(f"Function do takes at most 4 arguments, not {arity}")
    inputs = (order["payload"], order["config"], order["pluginConfig"], order["inputs"])
    answer = function(*inputs[:arity])
    if answer is None:
        raise Refused("Empty response")
    json.dumps(answer, allow_nan=False)
    return {"value": answer}


_functions = {}


def _loaded_do(order):
    source = order["source"]
    if source not in _functions:
        _functions[source] = sole_function(execute(order, {}), "do")
    return _functions[source]


def script(order):
    try:
        execute(order, {"__name__": "__main__"})
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise Exception(f"The script ended with exit code {stop.code}") from stop
    return {}


def tool(order):
    from dataiku.llm.agent_tools import BaseAgentTool

    instance = sole_class(vars(as_module(order)).values(), BaseAgentTool)()
    instance.set_config(order["config"], order["pluginConfig"])
    descriptor = instance.get_descriptor(order["tool"])
    if not isinstance(descriptor, dict) or not isinstance(descriptor.get("inputSchema"), dict):
        raise Refused("get_descriptor gives {description, inputSchema}")
    if order["input"] is None:
        return {"value": descriptor}
    answer = instance.invoke(order["input"], None)
    if not isinstance(answer, dict) or "output" not in answer:
        raise Refused("invoke gives {output, ...}")
    json.dumps(answer, allow_nan=False)
    return {"value": answer}


def standard(order):
    import dataiku
    from dataiku.project_standards import ProjectStandardsCheckRunResult, ProjectStandardsCheckSpec

    kind = sole_class(vars(as_module(order)).values(), ProjectStandardsCheckSpec)
    project = dataiku.api_client().get_project(order["projectKey"])
    result = kind(order["projectKey"], project, order["config"], order["pluginConfig"]).run()
    if not isinstance(result, ProjectStandardsCheckRunResult):
        raise Refused("run gives a ProjectStandardsCheckRunResult")
    return {"value": vars(result)}


# --- webapp backend -------------------------------------------------------------------------------------------------


def webapp(order):
    """Serve until stdin closes. The port is told once the source has run: DSS, too, listens only then."""
    from flask import Flask
    from werkzeug.serving import make_server

    app = Flask("webapp_backend", static_folder=None)
    app.add_url_rule("/__ping", "__ping", lambda: "pong")
    app.after_request(_session_cookie)
    given = execute(order, {"__name__": "webapp_backend", "app": app})
    if given.get("app") is not app:
        raise Refused("The backend replaced `app`: /__ping is gone, and DSS declares the start failed")
    processes = order["processes"]
    server = make_server("127.0.0.1", 0, app, threaded=processes == 0, processes=max(processes, 1))
    _host.emit(kind="listening", port=server.server_port)
    server.serve_forever()
    return {}


def _session_cookie(response):
    from flask import request

    if "X-DKU-Flask-User" not in request.cookies:
        response.set_cookie("X-DKU-Flask-User", os.urandom(12).hex(), httponly=True)
    return response


ANSWERS = {
    "macro": macro,
    "probe": probe,
    "check": check,
    "do": do,
    "script": script,
    "tool": tool,
    "standard": standard,
    "webapp": webapp,
}

if __name__ == "__main__":
    main()
