-- The slices whose sums the new clicks change: their own, and those from which a click reaches them within the session timeout. `clicks` are the
-- new clicks of the slice itself.
SELECT touched AS slice, count_if(touched = slice) AS clicks
FROM (SELECT slice, explode(sequence(CAST(greatest({{lowest_slice}}, least({{highest_slice}}, floor((ts - {{timeout_ms}}) / {{slice_ms}}))) AS INT), slice)) AS touched FROM clicktop_new)
GROUP BY touched
