select z.borough, sum(t.fare) as fare
from {{ ref("trips") }} t join {{ ref("zones") }} z using (zone_id)
{% if var("broken", false) %} join no_such_table using (zone_id) {% endif %}
group by z.borough
