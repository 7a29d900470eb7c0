select zone_id, sum(fare) as fare from {{ ref("trips") }} group by zone_id
