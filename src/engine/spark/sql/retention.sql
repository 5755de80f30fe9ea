-- First the pages, with the cursor: from now on, a round adds late clicks of earlier slices to the figures, and counts no slice anew that has
-- lost clicks. Each statement ends with a line of one semicolon.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice < {{first}}
SELECT -2000000000 AS slice, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, {{counted}}L AS clicks, 0L AS sum_ms, {{first}}L AS known, 0L AS first_ms, 0L AS last_ms
;
DELETE FROM delta.`{{root}}/clicks` WHERE slice < {{first}}
;
DELETE FROM delta.`{{root}}/clicks` WHERE slice IS NULL AND arrived < :before
