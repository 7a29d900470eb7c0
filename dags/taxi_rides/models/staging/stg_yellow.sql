-- A yellow taxi takes street hails only (trip type 1), and has no e-hail fee.
select
  'yellow' as service,
  vendorid::integer as vendor_id,
  tpep_pickup_datetime as picked_up_at,
  tpep_dropoff_datetime as dropped_off_at,
  pulocationid::integer as pickup_zone_id,
  dolocationid::integer as dropoff_zone_id,
  1 as trip_type,
  0 as ehail_fee,
  passenger_count,
  trip_distance,
  payment_type,
  fare_amount::numeric(12, 2) as fare,
  tip_amount::numeric(12, 2) as tip,
  tolls_amount::numeric(12, 2) as tolls,
  total_amount::numeric(12, 2) as total
from {{ source("loaded", "yellow_tripdata") }}
where vendorid is not null
