select zone_id, borough, zone from {{ ref("taxi_zones") }}
