-- Takes the lease for {{seconds}} s, unless somebody else has it. A lease that nobody renews ends, by the cluster's clock.
MERGE INTO delta.`{{root}}/lease` l USING (SELECT 1 AS one) s ON l.one = s.one
WHEN MATCHED AND (l.until < current_timestamp() OR l.owner = '{{owner}}')
  THEN UPDATE SET owner = '{{owner}}', until = current_timestamp() + make_dt_interval(0, 0, 0, {{seconds}})
WHEN NOT MATCHED THEN INSERT (one, owner, until) VALUES (1, '{{owner}}', current_timestamp() + make_dt_interval(0, 0, 0, {{seconds}}))
