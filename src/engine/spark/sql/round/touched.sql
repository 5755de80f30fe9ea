-- The slices whose sums the new clicks change: their own, and those from which a click reaches them within the session timeout. `clicks` are
-- the new clicks of the slice itself. Of slices whose clicks are no longer kept, only the number of refused clicks is told.
SELECT touched AS slice, count_if(touched = slice) AS clicks
FROM (SELECT slice, explode(IF(slice < {{floor}}, array(slice), sequence(
        CAST(greatest(floor((ts - {{timeout_ms}}) / {{slice_ms}}), {{floor}}L) AS INT), slice))) AS touched FROM clicktop_new)
GROUP BY touched
