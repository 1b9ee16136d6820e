CREATE TYPE weather AS ENUM ('sun', 'rain');
