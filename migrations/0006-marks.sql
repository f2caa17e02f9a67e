-- Hashes of what lies before fixed places of a file: by them a copy that ends before the offset is known. '' where nobody made them.
ALTER TABLE positions ADD COLUMN marks TEXT NOT NULL DEFAULT '';
