-- Puts the pages of the slices before {{first}}, whose clicks are no longer kept, together in one slice. No round changes these slices any
-- more, so the sums are the same before and after: the figures stay.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice >= {{folded}} AND slice < {{first}}
SELECT {{folded}} AS slice, url, country, sum(clicks), sum(sum_ms), sum(known), min(first_ms), max(last_ms)
FROM delta.`{{root}}/pages` WHERE slice >= {{folded}} AND slice < {{first}} GROUP BY url, country
