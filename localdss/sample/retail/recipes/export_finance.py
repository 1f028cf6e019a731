import dataiku

sales = dataiku.Dataset("sales_mart").get_dataframe()
day = sales["sales_day"].max().strftime("%Y-%m-%d")
with dataiku.Folder("exports").get_writer(f"/finance/sales_{day}.csv") as writer:
    writer.write(sales.to_csv(index=False).encode("utf-8"))
