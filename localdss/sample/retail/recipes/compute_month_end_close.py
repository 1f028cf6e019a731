import dataiku

sales = dataiku.Dataset("sales_mart").get_dataframe()
budget = dataiku.Dataset("budget").get_dataframe()
sales["month"] = sales["sales_day"].dt.strftime("%Y-%m")
close = sales.groupby(["month", "store_id"], as_index=False)["amount"].sum().rename(columns={"amount": "revenue"})
close = close.merge(budget, on=["month", "store_id"], how="left")
close["gap"] = close["revenue"] - close["budget_amount"]
dataiku.Dataset("month_end_close").write_with_schema(close)
