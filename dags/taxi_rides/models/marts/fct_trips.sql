{{ config(materialized="incremental", unique_key="trip_id") }}
-- Only trips that are not there yet. A comparison with the latest trip would lose a month
-- that is loaded late.
select
  trips.trip_id,
  trips.service,
  trips.vendor_id,
  trips.picked_up_at,
  trips.dropped_off_at,
  extract(epoch from trips.dropped_off_at - trips.picked_up_at) / 60 as minutes,
  trips.pickup_zone_id,
  pickup.zone as pickup_zone,
  dropoff.zone as dropoff_zone,
  trips.trip_type,
  trips.trip_distance,
  trips.passenger_count,
  trips.payment,
  trips.fare,
  trips.tip,
  trips.total
from {{ ref("int_trips") }} trips
left join {{ ref("dim_zones") }} pickup on pickup.zone_id = trips.pickup_zone_id
left join {{ ref("dim_zones") }} dropoff on dropoff.zone_id = trips.dropoff_zone_id
{% if is_incremental() %}
where not exists (select from {{ this }} known where known.trip_id = trips.trip_id)
{% endif %}
