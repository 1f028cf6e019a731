import dataiku

history = dataiku.Dataset("demand_history").get_dataframe()
last = history.sort_values("week").groupby("product_id")["quantity"].apply(lambda q: q.tail(8).mean())
forecast = last.rename("forecast").reset_index()
forecast["low"], forecast["high"] = forecast["forecast"] * 0.8, forecast["forecast"] * 1.25
forecast["week"] = history["week"].max()
dataiku.Dataset("demand_forecast").write_with_schema(forecast)
