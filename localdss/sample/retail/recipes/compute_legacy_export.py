import dataiku

sales = dataiku.Dataset("sales_mart").get_dataframe()
flat = sales.groupby(["sales_day", "store_id"], as_index=False)["amount"].sum()
flat.columns = ["sales_day", "store_code", "total"]
dataiku.Dataset("legacy_export").write_with_schema(flat)
