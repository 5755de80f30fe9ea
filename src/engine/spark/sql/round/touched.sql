-- The slices whose sums the new clicks change: their own, and those from which a click reaches them within the session timeout.
SELECT touched AS slice, count(*) AS clicks
FROM (SELECT explode(sequence(CAST(greatest({{lowest_slice}}, least({{highest_slice}}, floor((ts - {{timeout_ms}}) / {{slice_ms}}))) AS INT), slice)) AS touched FROM clicktop_new)
GROUP BY touched
