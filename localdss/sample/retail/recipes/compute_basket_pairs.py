from itertools import combinations

import dataiku

orders = dataiku.Dataset("orders_enriched").get_dataframe(columns=["order_id", "product_id"])
baskets = orders.groupby("order_id")["product_id"].apply(lambda ids: list(combinations(sorted(set(ids)), 2)))
pairs = baskets.explode().dropna().value_counts().rename_axis("pair").reset_index(name="pairs")
pairs["product_a"], pairs["product_b"] = zip(*pairs.pop("pair"))
pairs["lift"] = pairs["pairs"] / pairs["pairs"].mean()
dataiku.Dataset("basket_pairs").write_with_schema(pairs)
