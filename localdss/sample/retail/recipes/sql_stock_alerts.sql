SELECT store_id, product_id, on_hand,
       on_hand / 4.0 AS days_left,
       CASE WHEN on_hand < 3 THEN 'critical' ELSE 'low' END AS level
FROM "${projectKey}_stock_snapshot"
WHERE on_hand < 12
