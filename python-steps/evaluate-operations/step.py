"""Scenario step: how the project stands, as variables, as a report item, and as a failure where that is wished."""

import dataiku
from dataiku.customstep import get_plugin_config, get_step_config
from dataiku.scenario import Scenario

from opsguide import service

seen = service.evaluate_in_dss(get_step_config(), get_plugin_config())
found, variables = seen.found, service.variables_of(seen)
for name, value in variables.items():
    print(f"{name}: {value}")  # noqa: T201
if seen.reason:
    print(seen.reason)  # noqa: T201

scenario = Scenario()
scenario.set_scenario_variables(**variables)
try:
    scenario.add_report_item(
        {"type": "PROJECT", "projectKey": dataiku.default_project_key()},
        None,
        {"type": "OPERATIONS_EVALUATION", "outcome": service.outcome_of(found), "message": found.headline},
    )
except Exception as refused:  # noqa: BLE001
    # DSS documents no kind of item for this: where it takes none, the variables still say it all.
    print(f"DSS took no report item: {refused}")  # noqa: T201
if seen.digest.failed:
    raise service.ProblemsFound(f"The digest was {seen.digest.said}\n{found.headline}")
if found.fails:
    raise service.ProblemsFound(f"{found.headline}\n{variables['operations_problems']}")
