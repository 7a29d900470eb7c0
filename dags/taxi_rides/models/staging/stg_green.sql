-- Trips without a vendor are test rides of the meters.
select
  'green' as service,
  vendorid::integer as vendor_id,
  lpep_pickup_datetime as picked_up_at,
  lpep_dropoff_datetime as dropped_off_at,
  pulocationid::integer as pickup_zone_id,
  dolocationid::integer as dropoff_zone_id,
  trip_type,
  coalesce(ehail_fee, 0) as ehail_fee,
  passenger_count,
  trip_distance,
  payment_type,
  fare_amount::numeric(12, 2) as fare,
  tip_amount::numeric(12, 2) as tip,
  tolls_amount::numeric(12, 2) as tolls,
  total_amount::numeric(12, 2) as total
from {{ source("loaded", "green_tripdata") }}
where vendorid is not null
