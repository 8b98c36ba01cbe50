-- of_demand: what a plan demands, of the columns under the names that they have by then
(SELECT {condition} FROM (SELECT {columns}) AS {alias})
