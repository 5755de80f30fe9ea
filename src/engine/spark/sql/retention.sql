-- First the pages, with the cursor: from now on, a round adds late clicks of earlier slices to the figures, and counts no slice anew that has
-- lost clicks. Each statement ends with a line of one semicolon.
INSERT INTO delta.`{{root}}/pages` REPLACE WHERE slice < {{first}}
{{cursor}}
;
DELETE FROM delta.`{{root}}/clicks` WHERE slice < {{first}}
;
DELETE FROM delta.`{{root}}/clicks` WHERE slice IS NULL AND arrived < :before
