-- A trip is one vendor's ride from one zone at one moment. The separator keeps the key of
-- vendor 1 in zone 12 apart from that of vendor 11 in zone 2. The files have some trips
-- twice: the first to end is kept.
select distinct on (trip_id) *
from (
  select
    md5(concat_ws('|', trips.vendor_id, picked_up_at, pickup_zone_id, service)) as trip_id,
    trips.*,
    payments.description as payment
  from {{ ref("int_trips_unioned") }} trips
  left join {{ ref("payment_types") }} payments using (payment_type)
) keyed
order by trip_id, dropped_off_at
