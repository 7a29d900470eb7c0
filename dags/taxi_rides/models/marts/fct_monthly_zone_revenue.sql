select
  pickup_zone_id,
  pickup_zone,
  date_trunc('month', picked_up_at)::date as month,
  service,
  count(*) as trips,
  sum(fare) as fare,
  sum(tip) as tip,
  sum(total) as revenue,
  avg(passenger_count) as passengers,
  avg(trip_distance) as distance
from {{ ref("fct_trips") }}
group by 1, 2, 3, 4
