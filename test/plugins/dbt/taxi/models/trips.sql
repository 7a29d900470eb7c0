select 1 as trip_id, 1 as zone_id, {{ var("fare", 10) }} as fare
union all
select 2, 2, 20
