select distinct
  vendor_id,
  case vendor_id
    when 1 then 'Creative Mobile Technologies'
    when 2 then 'VeriFone'
    else 'Other'
  end as vendor
from {{ ref("int_trips") }}
