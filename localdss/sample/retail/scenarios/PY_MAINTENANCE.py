from datetime import datetime, timedelta, timezone

import dataiku
from dataiku.scenario import Scenario

scenario = Scenario()
variables = dataiku.get_custom_variables(typed=True)
oldest = datetime.now(timezone.utc).date() - timedelta(days=variables["retention_days"])
orders = dataiku.api_client().get_project(dataiku.default_project_key()).get_dataset("orders")
old = [day for day in orders.list_partitions() if day < oldest.isoformat()]
if old:
    orders.clear(partitions=",".join(old))
scenario.set_scenario_variables(partitions_dropped=len(old))
